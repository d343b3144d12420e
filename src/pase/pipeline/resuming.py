"""What the 2D stage has found, kept in a run's folder, so that a run which was interrupted goes on from there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pase.config import Settings, to_dict
from pase.media.footage import Footage
from pase.pipeline.camera_motion import CAMERA_MOTION, load_camera_motions, save_camera_motions
from pase.pipeline.recording import Recording, read_people
from pase.pipeline.workspace import KEYPOINTS, Workspace, fingerprint, source_identity
from pase.pose2d.left_out import LeftOut
from pase.version import __version__

STAGE = "pose2d"


@dataclass(frozen=True)
class KeptRecording:
    """A recording as the 2D stage has found it before."""

    recording: Recording
    seconds: float
    """How long it took."""
    warnings: list[str]


def detection_key(path: Path, settings: Settings) -> str:
    """Key of the 2D stage's work, equal where it would find the same again; threads change only how long it takes."""
    pose2d = to_dict(settings.pose2d) | {"threads": None, "without": settings.person.without}
    source, footage = source_identity(path), to_dict(settings.footage)
    camera = settings.camera.motion
    return fingerprint(
        {"pase": __version__, "source": source, STAGE: pose2d, "camera": camera, "footage": footage}
    )


def write_recording(recording: Recording, folder: Path) -> list[str]:
    """Write the keypoints, and the camera's motion if it moves; names of the files."""
    from pase.pose2d.readers.alphapose_json import write_alphapose

    write_alphapose(recording.people, folder / KEYPOINTS)
    return [KEYPOINTS, *save_camera_motions(recording.camera_motions, folder)]


def keep_recording(
    space: Workspace, key: str, recording: Recording, seconds: float, warnings: Sequence[str]
) -> None:
    """Write what the 2D stage has found, and note that it is done."""
    facts = recording.facts() | {
        "seconds": seconds,
        "warnings": list(warnings),
        "left_out": [asdict(person) for person in recording.left_out],
        "why_main": recording.why_main,
    }
    space.note_stage(STAGE, key, write_recording(recording, space.folder), facts)


def kept_recording(space: Workspace, key: str, path: Path) -> KeptRecording | None:
    """What an interrupted run has found in the same footage with the same settings; all else is removed."""
    facts = space.stage_facts(STAGE, key)
    if facts is None:
        return None
    space.clear(keep=[KEYPOINTS, CAMERA_MOTION])
    recording = Recording(
        read_people(space.folder / KEYPOINTS),
        facts["frames"],
        (facts["image_size"][0], facts["image_size"][1]),
        facts["focal_length_px"],
        Footage(path, **(facts["read_as"] or {})),
        [LeftOut(**person) for person in facts["left_out"]],
        facts["why_main"],
        facts["cuts_s"],
        camera_motions=load_camera_motions(space.folder),
        picture_size=tuple(facts.get("picture_size") or facts["image_size"]),
    )
    return KeptRecording(recording, float(facts["seconds"]), list(facts["warnings"]))
