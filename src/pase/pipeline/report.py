"""What a run says about itself: the contents of `report.json` and of the summary at its end."""

import json
import logging
import platform
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from pase.anatomy.limbs import in_short, parts_not_seen
from pase.camera.angle_of_view import DEFAULT_FOV_DEG
from pase.config import Settings, to_dict
from pase.data import Motion
from pase.errors import InputError
from pase.files import read_json, write_text
from pase.memory import give_back
from pase.networks.onnx import RunningNetwork
from pase.pipeline.recording import Recording
from pase.pipeline.workspace import person_folder
from pase.version import __version__

PACKAGES = (
    "numpy", "scipy", "av", "matplotlib", "onnxruntime", "opencv-python-headless", "pillow", "vtk", "rich",
)  # fmt: skip

MOST_WARNINGS = 3
"""Warnings that are shown; the others are in the report."""

TO_OPEN = ("report.html", "viewer.html", "overlay.mp4", "overlay.png")
"""Files that people open first, the most useful first."""

_KINDS = {"source": dict, "settings": dict, "persons": list, "files": list}
"""What the parts of a report must be that commands read back."""
_FOLDER = re.compile(r"person_[0-9]{1,6}")
"""Names of persons' folders: a report from elsewhere must not lead out of its own folder."""


@dataclass
class Report:
    """The figures of one run; `write` makes `report.json` of it."""

    source: dict[str, Any] = field(default_factory=dict)
    """The recording: path, frames, picture size, frame rate."""
    settings: dict[str, Any] = field(default_factory=dict)
    networks: list[RunningNetwork] = field(default_factory=list)
    """What each network ran on, and with how many threads."""
    seconds: dict[str, float] = field(default_factory=dict)
    resumed: list[str] = field(default_factory=list)
    """Stages taken over from an interrupted run."""
    persons: list[dict[str, Any]] = field(default_factory=list)
    """One entry per person: folder, frames seen, reprojection error, what the estimator says."""
    main_person: str = ""
    """Why the first person is the main one."""
    left_out: list[dict[str, Any]] = field(default_factory=list)
    """Others in the picture who got no skeleton: why, frames, first and last second, size, place."""
    assumptions: list[str] = field(default_factory=list)
    """What was assumed because nobody said."""
    warnings: list[str] = field(default_factory=list)
    """Warnings for the user, one sentence each."""
    files: list[str] = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Measure the wall time of a stage; what those before it freed is given back to the system first."""
        give_back()
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start

    @property
    def mean_reprojection_error_px(self) -> float | None:
        """Mean over the persons, or None where there is none."""
        errors = [p.get("mean_reprojection_error_px") for p in self.persons]
        finite_errors = [e for e in errors if e is not None]
        return float(np.mean(finite_errors)) if finite_errors else None

    def add_settings(self, settings: Settings) -> None:
        """Note the settings, and what was assumed in place of those that were not given."""
        self.settings = to_dict(settings)
        if settings.camera.fov_deg is None and settings.camera.focal_length_px is None:
            has_focal_length = self.source.get("focal_length_px") is not None
            origin = (
                "taken from the file's metadata"
                if has_focal_length
                else f"estimated, beginning with the {DEFAULT_FOV_DEG:.0f}° of a phone's main camera"
            )
            self.assumptions.append(f"the focal length was not given: it was {origin}")
        if (inside := self.source.get("picture_size")) is not None:
            self.assumptions.append(
                f"the picture has black bars: the angle of view is that of the {inside[0]} × {inside[1]} px inside"
            )

    def add_recording(self, recording: Recording) -> None:
        """Note what was filmed, why the main person is the main one, and who else was in the picture."""
        self.source, self.main_person = recording.facts(), recording.why_main
        self.left_out = [asdict(person) for person in recording.left_out]

    def left_out_summary(self) -> list[str]:
        """How many persons were left out for each kind of reason, most first."""
        kinds = Counter(str(person["why"]).split(":")[0] for person in self.left_out)
        return [f"{count} {kind}" for kind, count in kinds.most_common()]

    def warnings_of_persons(self) -> list[str]:
        """Warnings for the user about each person, with the number if there are several."""
        several = len(self.persons) > 1
        return [
            f"person {number}: {sentence}" if several else sentence
            for number, person in enumerate(self.persons, 1)
            for sentence in person["warnings"]
        ]

    def add_persons(self, motions: Sequence[Motion]) -> None:
        """Note the figures of every person."""
        self.persons += [
            {
                "folder": person_folder(number),
                "track_id": motion.track_id,
                "frames": int(motion.known.sum()),
                "mean_reprojection_error_px": reprojection_error(motion),
                "warnings": list(motion.warnings),
                "not_seen": parts_not_seen(motion),
                **_answers(motion),
                "details": motion.diagnostics.content(),
            }
            for number, motion in enumerate(motions, 1)
        ]

    def add_masses(self, masses_kg: Sequence[float | None]) -> None:
        """Note the masses of the models that are an average person's, as nobody gave them."""
        mass_kg = self.settings["person"]["mass_kg"]
        for number, mass in enumerate(masses_kg, 1):
            if mass is not None and (number > 1 or mass_kg is None):
                prefix = f"person {number}: " if len(masses_kg) > 1 else ""
                self.assumptions.append(
                    f"{prefix}no mass was given: skeleton.osim has {mass:.0f} kg, the average for the height"
                )

    def cost_table(self) -> list[str]:
        """Share of each term in the cost of every person's fit, largest first."""
        rows = []
        for person in self.persons:
            costs: dict[str, float] = person["details"].get("cost_by_term", {})
            total = sum(costs.values()) or 1.0
            ordered = sorted(costs.items(), key=lambda item: -item[1])
            rows += [f"{person['folder']}  {name:<18} {100 * cost / total:5.1f} %" for name, cost in ordered]
        return rows

    def content(self) -> dict[str, Any]:
        """What `report.json` holds; what is not a finite number is None."""
        content = {
            "pase": __version__,
            "versions": versions(),
            **asdict(self),
            "mean_reprojection_error_px": self.mean_reprojection_error_px,
        }
        plain: dict[str, Any] = _jsonable(content)
        return plain

    def write(self, path: Path) -> None:
        """Write the report as JSON, atomically."""
        write_text(path, json.dumps(self.content(), indent=2, ensure_ascii=False) + "\n")


def read_report(path: Path) -> dict[str, Any]:
    """Read the `report.json` of a finished run; a half-finished or foreign folder is never taken for a result."""
    try:
        content = read_json(path)
    except InputError as error:
        raise InputError(f"{path.parent} is not a finished result of 'pase run': {error}") from error
    if not isinstance(content, dict) or "pase" not in content or "persons" not in content:
        raise InputError(f"{path} is not a report of PASE")
    wrong = [name for name, kind in _KINDS.items() if not isinstance(content.get(name, kind()), kind)]
    if wrong:
        raise InputError(f"{path}: '{wrong[0]}' is damaged; run PASE again")
    folders = [person.get("folder") if isinstance(person, dict) else None for person in content["persons"]]
    strange = [name for name in folders if not isinstance(name, str) or not _FOLDER.fullmatch(name)]
    if strange:
        raise InputError(f"{path}: a person's folder is '{strange[0]}', not as 'person_1'; run PASE again")
    return content


def note_files(path: Path, names: Iterable[str]) -> None:
    """Add files that were made afterwards to the list in a finished report."""
    content = read_report(path)
    content["files"] = sorted({*map(str, content.get("files", [])), *names})
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def reprojection_error(motion: Motion) -> float | None:
    """Mean distance in pixels between the skeleton's landmarks and the keypoints, or None where unknown.

    Parameters
    ----------
    motion
        The person; in each frame the mean is over the landmarks that were seen.
    """
    if motion.residual is None or motion.camera is None or not np.isfinite(motion.residual).any():
        return None
    return float(np.nanmean(motion.residual))


def _answers(motion: Motion) -> dict[str, Any]:
    """What an analysis says of a person, in short."""
    if motion.findings is None:
        return {}
    findings, quality = motion.findings, motion.findings.quality
    return {
        "quality": quality.verdict,
        "quality_reasons": list(quality.reasons),
        "error_share": quality.error_share,
        "seen_share": quality.seen_share,
        "movement": findings.movement,
        "events": len(findings.events),
    }


@cache
def versions() -> dict[str, str]:
    """Versions of Python, the system and the packages that a result depends on."""
    versions_by_name = {"python": platform.python_version(), "system": platform.platform()}
    for name in PACKAGES:
        try:
            versions_by_name[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions_by_name[name] = "not installed"
    return versions_by_name


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect what any part of PASE logs as a warning inside the block, each sentence once."""
    handler = _Collector()
    logger = logging.getLogger("pase")
    logger.addHandler(handler)
    try:
        yield handler.sentences
    finally:
        logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        sentence = record.getMessage()
        if sentence not in self.sentences:
            self.sentences.append(sentence)


def unique(*groups: Sequence[str]) -> list[str]:
    """All sentences of the groups in order, each once."""
    return list(dict.fromkeys(sentence for group in groups for sentence in group))


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    return value if isinstance(value, str | int | bool | None) else str(value)


def summary_lines(report: Report, source: Path, output: Path) -> list[str]:
    """What a run did, for people, the most important first."""
    persons, frames = len(report.persons), report.source["frames"]
    count = f"{counted(persons, 'person')}, {counted(frames, 'frame')}"
    if persons:
        lines = [f"result   {output}   {count}"]
    else:
        lines = [f"nobody was found in {source}: {output} holds no skeleton   {count}"]
    if report.source.get("keypoints_of"):
        lines.append(f"read     keypoints of {report.source['keypoints_of']}")
    lines += _quality_lines(report)
    lines += [f"warning  {sentence}" for sentence in report.warnings[:MOST_WARNINGS]]
    further = len(report.warnings) - MOST_WARNINGS
    if further > 0:
        place = next((name for name in ("report.html", "report.json") if name in report.files), "report.json")
        lines.append(f"         {counted(further, 'more warning')} in {place}")
    lines.append(f"seconds  {_seconds(report)}")
    files = [str(output / name) for name in TO_OPEN if name in report.files]
    return lines + ([f"open     {'   '.join(files)}"] if files else [])


def _quality_lines(report: Report) -> list[str]:
    """How good the persons are, who was left out, and how far the landmarks lie from the keypoints."""
    lines = []
    for person in report.persons:
        if "quality" in person:
            reasons = f": {'; '.join(person['quality_reasons'])}" if person["quality_reasons"] else ""
            lines.append(f"quality  {person['folder']}  {person['quality']}{reasons}   {person['movement']}")
        if person.get("not_seen"):
            lines.append(f"not seen {person['folder']}  {', '.join(in_short(person['not_seen']))}")
    if report.mean_reprojection_error_px is not None:
        lines.append(f"error    {report.mean_reprojection_error_px:.1f} px mean reprojection")
    if len(report.persons) + len(report.left_out) > 1 and report.main_person:
        lines.append(f"main     person 1: {report.main_person}")
    if report.left_out:
        lines.append(f"left out {'; '.join(report.left_out_summary())} (each listed in report.json)")
    return lines


def _seconds(report: Report) -> str:
    stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in report.seconds.items())
    resumed = f" (taken over from an interrupted run: {', '.join(report.resumed)})" if report.resumed else ""
    return stages + resumed


def counted(number: int, noun: str) -> str:
    """A number of things: `1 frame`, `3 frames`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
