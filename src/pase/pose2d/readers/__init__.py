"""Read 2D keypoints that other programs wrote, whatever the program."""

from pathlib import Path

from pase.data import Keypoints2D
from pase.errors import InputError
from pase.files import foreign_kind, read_bytes, read_json
from pase.keypoint_sets import to_halpe26
from pase.media.kinds import begins_as_video
from pase.pose2d.readers.alphapose_json import is_alphapose, read_alphapose
from pase.pose2d.readers.coco import is_coco, read_coco
from pase.pose2d.readers.detection import FootageFacts
from pase.pose2d.readers.json_film import read_json_film, what_it_is
from pase.pose2d.readers.openpose import holds_openpose, read_openpose
from pase.pose2d.readers.program import program_of
from pase.pose2d.readers.tables import read_keypoint_table
from pase.pose2d.readers.trc import read_pixel_trc
from pase.pose2d.readers.yolo import is_yolo, read_yolo

__all__ = ["is_keypoint_file", "program_of", "read_keypoints"]

_UNDERSTOOD = (
    "JSON of AlphaPose, OpenPose, MMPose, Ultralytics, MediaPipe, TensorFlow.js, EasyMocap or COCO, a folder with "
    "one such file a frame (also Pose2Sim's pose/cam01_json, and YOLO's labels), a .trc in pixels, or a .csv of "
    "MediaPipe, DeepLabCut or SLEAP"
)

_HEAD = 100
_JSON = (".json", ".jsonl", ".ndjson")


def is_keypoint_file(path: str | Path) -> bool:
    """Whether a path names keypoints rather than footage: by its suffix, a folder by what is in it."""
    path = Path(path)
    if path.is_dir():
        return is_yolo(path) or (holds_openpose(path) and not _is_of_films(path))
    return path.suffix.lower() in (*_JSON, ".trc", ".csv", ".tsv") or is_yolo(path)


def _is_of_films(folder: Path) -> bool:
    """Whether a folder's JSON files only lie beside films: no more of them than films, or of an unknown program."""
    films = sum(begins_as_video(path) for path in folder.iterdir())
    return films > 0 and (films >= len(list(folder.glob("*.json"))) or not program_of(folder))


def read_keypoints(
    path: str | Path, facts: FootageFacts | None = None, skeleton: str | None = None
) -> list[Keypoints2D]:
    """Read keypoints of any program that is understood as Halpe keypoints.

    Parameters
    ----------
    path
        A JSON, TRC or CSV file, or a folder with one JSON file, or one of YOLO's labels, a frame.
    facts
        Facts about the footage: times, picture size.
    skeleton
        Name of the keypoint set, where the contents do not name it, see `pase.keypoint_sets`; or a TOML file with
        the names of points or columns, see `pase.pose2d.readers.skeleton_file`.

    Returns
    -------
    list
        One track for each person, in file order of their numbers, with the 26 Halpe keypoints; NaN where the
        set has no such point or it is unseen.
    """
    path, facts = Path(path), facts or FootageFacts()
    if is_yolo(path):
        people = read_yolo(path, facts, skeleton)
    elif path.is_dir():
        people = read_openpose(path, facts, skeleton)
    elif path.suffix.lower() == ".trc":
        people = read_pixel_trc(path, facts)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        people = read_keypoint_table(path, facts, skeleton)
    else:
        people = _read_json(path, facts, skeleton)
    return [to_halpe26(person) for person in people]


def _begins_as_json(path: Path) -> bool:
    return read_bytes(path)[:_HEAD].translate(None, b"\0 \t\r\n\xef\xbb\xbf\xff\xfe")[:1] in (b"[", b"{")


def _read_json(path: Path, facts: FootageFacts, skeleton: str | None) -> list[Keypoints2D]:
    # AlphaPose's files, ours among them, may be of hours: they are read item by item.
    if is_alphapose(path):
        return read_alphapose(path, facts, skeleton)
    kind = foreign_kind(path)
    if not kind and path.suffix.lower() not in _JSON and not _begins_as_json(path):
        kind = f"neither JSON nor a table of keypoints, nor of markers; understood are: {_UNDERSTOOD}"
    if kind:
        raise InputError(f"{path} is {kind}")
    content = read_json(path)
    if is_coco(content):
        return read_coco(content, path, facts, skeleton)
    people = read_json_film(content, path, facts, skeleton)
    if people is None:
        raise InputError(
            f"{path} holds no keypoints that are understood, but {what_it_is(content)}; understood are: {_UNDERSTOOD}"
        )
    return people
