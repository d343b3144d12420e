"""Folders with one JSON file a frame, as OpenPose, Pose2Sim, EasyMocap and MMPose write them."""

from pathlib import Path

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.files import read_json
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.readers.json_film import read_frames, what_it_is
from pase.pose2d.readers.json_frames import PoseFrame, document_frames, frame_of, point_names


def holds_openpose(folder: Path) -> bool:
    """Whether a folder holds JSON files, itself or in folders called `…_json`."""
    return bool(_visible(folder, "*.json") or _visible(folder, "*_json/*.json"))


def _visible(folder: Path, pattern: str) -> list[Path]:
    """Files in a folder, sorted, without those that a Mac writes beside each on other disks (`._name`)."""
    return sorted(file for file in folder.glob(pattern) if not file.name.startswith("."))


def read_openpose(path: Path, facts: FootageFacts, skeleton: str | None = None) -> list[Keypoints2D]:
    """Read the keypoints of everybody in a folder with one JSON file a frame.

    The frame is the last number in a file's name, as OpenPose and Pose2Sim count. OpenPose's own files are read of
    all its versions: `pose_keypoints_2d`, `pose_keypoints` before 1.3, `bodies` of the first.

    Parameters
    ----------
    path
        The folder, as `pose/cam01_json`, or one that holds a single such folder.
    facts, skeleton
        See `pase.pose2d.readers.read_keypoints`.
    """
    frames, names = [], None
    for file in _files(path):
        content = read_json(file)
        names = names or point_names(content)
        frame = _frame(content, file)
        frame.picture = file.name
        frames.append(frame)
    return read_frames(frames, path, facts, skeleton, names, centred=True)


def _frame(content: object, file: Path) -> PoseFrame:
    frames = document_frames(content)
    if frames is not None and len(frames) <= 1:
        return frames[0] if frames else PoseFrame()
    frame = frame_of(content)
    if frame is None:
        raise InputError(
            f"{file} holds no keypoints that are understood, but {what_it_is(content)}; a file a frame should have a "
            "list 'people' with 'pose_keypoints_2d'"
        )
    return frame


def _files(path: Path) -> list[Path]:
    files = _visible(path, "*.json")
    if files:
        return files
    folders = sorted({file.parent for file in _visible(path, "*_json/*.json")})
    if len(folders) == 1:
        return _visible(folders[0], "*.json")
    if folders:
        cameras = ", ".join(folder.name for folder in folders)
        raise InputError(f"{path} has several cameras: name one of {cameras}")
    raise InputError(f"{path} has no JSON files: name the folder with one file per frame")
