"""`report.html`: a result on one page, ready for print."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from pase.diagnostics import FitDiagnostics
from pase.files import write_text
from pase.media import Photo, open_media
from pase.view.names import coordinate_name
from pase.view.plots import MOST_FRAMES, bone_label, make_plots, svg
from pase.view.subject import Subject, frames_shown, has_range, in_display_units

PICTURE_WIDTH = 900


def write_page(
    subjects: Sequence[Subject],
    report: Mapping[str, Any],
    path: str | Path,
    *,
    overlay: str | Path | None = None,
    plots: Sequence[Path] = (),
) -> None:
    """Write the report page of a result; it needs no other file.

    Parameters
    ----------
    subjects
        The persons.
    report
        The content of `report.json`.
    path
        The `.html` file to write.
    overlay
        The drawn video or photo, of which a picture is shown.
    plots
        Folders of the persons' plots where they are made already.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    source = report.get("source") or {}
    title = Path(str(source.get("path") or "keypoints")).name
    sections = [f"<header><h1>{_safe(title)}</h1><p>{_facts(report, len(subjects))}</p></header>"]
    warnings = [*report.get("warnings", [])]
    if warnings:
        sections.append(f'<section class="warnings"><h2>Warnings</h2>{_list(warnings)}</section>')
    if overlay is not None and Path(overlay).is_file():
        sections.append(
            f'<figure class="still"><img alt="bones over the footage" src="{_still(Path(overlay))}"></figure>'
        )
    folders = [*plots, *[None] * len(subjects)]
    sections += [_person(subject, report, folder) for subject, folder in zip(subjects, folders, strict=False)]
    if not subjects:
        sections.append("<p>Nobody was found in this recording.</p>")
    sections.append(_left_out(report))
    sections.append(_background(report))
    style = files("pase.view").joinpath("web", "report.css").read_text(encoding="utf-8")
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_safe(title)}: report</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>\n{style}</style></head>'
        f"<body>\n{''.join(sections)}\n</body></html>\n"
    )
    write_text(path, page)


def _facts(report: Mapping[str, Any], persons: int) -> str:
    source = report.get("source") or {}
    error = report.get("mean_reprojection_error_px")
    size = source.get("image_size") or []
    frames = source.get("frames", 0)
    facts = [
        f"{persons} {'person' if persons == 1 else 'persons'}",
        "1 frame" if frames == 1 else f"{frames} frames",
        f"{size[0]} × {size[1]} px" if len(size) == 2 else "",
        f"mean reprojection error {error:.1f} px" if error is not None else "",
        f"PASE {report.get('pase', '')}",
    ]
    return _safe(" · ".join(word for word in facts if word))


def _person(subject: Subject, report: Mapping[str, Any], plots_folder: Path | None) -> str:
    facts = _figures(subject.motion.diagnostics)
    if subject.motion.track_id == 1 and report.get("main_person"):
        facts.insert(0, f"main person: {report['main_person']}")
    plots = "".join(
        f'<figure><img alt="{_safe(name)}" src="{_data("image/svg+xml", content)}"></figure>'
        for name, content in _plots(subject, plots_folder)
    )
    shown = frames_shown(len(subject.motion), MOST_FRAMES)
    note = f"<p>Of the recording {shown} is drawn.</p>" if shown else ""
    return (
        f'<section class="person"><h2>{_safe(subject.name)}</h2>'
        f"<p>{_safe(' · '.join(facts))}</p>"
        f'<div class="columns"><div><h3>Bones</h3>{_bones(subject)}</div>'
        f"<div><h3>Joint angles</h3>{_angles(subject)}</div></div>"
        f'<div class="plots">{note}{plots}</div></section>'
    )


def _figures(diagnostics: FitDiagnostics) -> list[str]:
    """Figures of the fit that people ask for first."""
    figures = [] if diagnostics.stature_m is None else [f"standing height {diagnostics.stature_m:.2f} m"]
    if (camera := diagnostics.camera) is not None:
        figures += [f"camera height {camera.height_m:.2f} m", f"focal length {camera.focal_length_px:.0f} px"]
    return figures


def _left_out(report: Mapping[str, Any]) -> str:
    """Others in the picture who got no skeleton, largest first."""
    people = sorted(report.get("left_out") or [], key=lambda person: -float(person["size_px"]))
    if not people:
        return ""
    rows = [
        (
            str(person["why"]),
            str(person["frames"]),
            f"{person['first_s']:.1f} … {person['last_s']:.1f}",
            f"{person['size_px']:.0f}",
            f"{person['place_px'][0]:.0f}, {person['place_px'][1]:.0f}",
        )
        for person in people
    ]
    head = ["others in the picture, left out", "frames", "seconds", "size, px", "first at, px"]
    return f'<section class="left-out"><h2>Left out</h2>{_table(head, rows)}</section>'


def _bones(subject: Subject) -> str:
    rows = [
        (
            bone_label(bone.name),
            f"{1000 * bone.length_m:.0f}",
            "–" if bone.sd_m is None else f"{1000 * bone.sd_m:.0f}",
            "–" if bone.percentile is None else f"{bone.percentile:.0f}",
        )
        for bone in subject.bones
    ]
    return _table(["bone", "mm", "±", "percentile"], rows)


def _angles(subject: Subject) -> str:
    """Least and largest value of every joint angle, with how uncertain it is on average."""
    motion = subject.motion
    frames = motion.known
    values, deviations, ranges, units = in_display_units(motion)
    rows: dict[str, list[str]] = {}
    for i, name in enumerate(motion.skeleton.free_names):
        if not frames.any() or not has_range(ranges[i, 0], ranges[i, 1], units[i]):
            continue
        plain, side = coordinate_name(name)
        spread = deviations[frames, i]
        sure = f"{np.nanmean(spread):.1f}" if np.isfinite(spread).any() else "–"
        least, largest = round(values[frames, i].min()), round(values[frames, i].max())
        cells = rows.setdefault(plain, [plain, "", "", "", ""])
        at = 3 if side == "r" else 1
        cells[at : at + 2] = [f"{least} … {largest}" if len(motion) > 1 else f"{least}", sure]
    return _table(["angle, °", "left or middle", "±", "right", "±"], rows.values())


def _background(report: Mapping[str, Any]) -> str:
    settings = [
        (f"{room}.{name}", "–" if value is None else str(value))
        for room, values in (report.get("settings") or {}).items()
        for name, value in values.items()
    ]
    seconds = [(stage, f"{value:.1f} s") for stage, value in (report.get("seconds") or {}).items()]
    assumed = report.get("assumptions") or []
    return (
        '<section class="background">'
        f"{'<h2>Assumed</h2>' + _list(assumed) if assumed else ''}<h2>Settings</h2>"
        f'<div class="columns">{_table(["", ""], settings)}'
        f"<div>{_table(['', ''], [*seconds, *(report.get('versions') or {}).items()])}</div></div>"
        "<p>Bands and ± : two and one standard deviations of the estimate. This is no medical device.</p></section>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = f"<tr>{''.join(f'<th>{_safe(cell)}</th>' for cell in head)}</tr>" if any(head) else ""
    body = "".join(f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{top}{body}</table>"


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_safe(sentence)}</li>' for sentence in sentences)}</ul>"


def _safe(text: object) -> str:
    return html.escape(str(text))


def _plots(subject: Subject, folder: Path | None) -> list[tuple[str, bytes]]:
    """The plots of a person as SVG, by name: those that are in a folder already, or made now."""
    if folder is not None and folder.is_dir():
        return [(path.stem, path.read_bytes()) for path in sorted(folder.glob("*.svg"))]
    return [(name, svg(figure)) for name, figure in make_plots(subject)]


def _still(path: Path) -> str:
    """A picture from the middle of a video, or the photo, small, as a data address."""
    from PIL import Image

    with open_media(path) as media:
        if isinstance(media, Photo):
            image = next(iter(media.frames())).image
        else:
            image = media.picture_at(0.5 * media.duration)
    stream, picture = io.BytesIO(), Image.fromarray(image)
    picture.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH))
    picture.save(stream, "JPEG", quality=85)
    return _data("image/jpeg", stream.getvalue())


def _data(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
