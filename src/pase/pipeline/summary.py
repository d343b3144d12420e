"""The summary at the end of a run: the result, how good it is, what to know, and what to open."""

from pathlib import Path

from pase.anatomy.limbs import in_short
from pase.pipeline.report import Report

MOST_WARNINGS = 3
"""Warnings that are shown; the others are in the report."""

TO_OPEN = ("report.html", "viewer.html", "overlay.mp4", "overlay.png")
"""Files that people open first, the most useful first."""


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
    lines += _quality(report)
    lines += [f"warning  {sentence}" for sentence in report.warnings[:MOST_WARNINGS]]
    further = len(report.warnings) - MOST_WARNINGS
    if further > 0:
        place = next((name for name in ("report.html", "report.json") if name in report.files), "report.json")
        lines.append(f"         {counted(further, 'more warning')} in {place}")
    lines.append(f"seconds  {_seconds(report)}")
    files = [str(output / name) for name in TO_OPEN if name in report.files]
    return lines + ([f"open     {'   '.join(files)}"] if files else [])


def _quality(report: Report) -> list[str]:
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
