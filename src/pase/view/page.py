"""`report.html`: a result on one page, ready for print."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from pase.analysis import analyse
from pase.anatomy.limbs import in_short, parts_not_seen
from pase.diagnostics import FitDiagnostics
from pase.files import package_text, write_text
from pase.findings import Findings
from pase.view.answers import further_rows, key_rows, meanings, movement_text, not_measured, range_tables
from pase.view.cycle_chart import cycle_charts
from pase.view.names import title_of
from pase.view.plots import MOST_FRAMES, bone_label, make_plots, svg
from pase.view.still import still_picture
from pase.view.subject import Subject, frames_shown


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
    overlay
        The drawn video or photo; the page shows a picture of it.
    plots
        Folders of the persons' plots where they are made already.
    """
    title = title_of(report.get("source"))
    analysis = (report.get("settings") or {}).get("analysis") or {}
    folders = [*plots, *[None] * len(subjects)]
    height_given = ((report.get("settings") or {}).get("person") or {}).get("height_m") is not None
    persons = [
        _person(subject, report, folder, measured=height_given and subject is subjects[0])
        for subject, folder in zip(subjects, folders, strict=False)
    ]
    page = page_template("report.html.j2").render(
        title=title,
        who=analysis.get("subject") or "",
        note=analysis.get("note") or "",
        facts=_facts(report, title, subjects),
        style=Markup(page_style()),
        still=""
        if overlay is None or not Path(overlay).is_file()
        else _data("image/jpeg", still_picture(Path(overlay), subjects)),
        persons=persons,
        meanings={name: text for person in persons for name, text in person["meanings"].items()},
        warnings=report.get("warnings") or [],
        left_out=_left_out(report),
        assumed=report.get("assumptions") or [],
        settings=_settings(report),
        versions=_versions(report),
    )
    write_text(path, page + "\n")


def page_template(name: str) -> Template:
    """A template of `web/` in which every value is shown as text."""
    loader = PackageLoader("pase.view", "web")
    environment = Environment(autoescape=True, trim_blocks=True, undefined=StrictUndefined, loader=loader)
    return environment.get_template(name)


def page_style() -> str:
    """The style of pages that are read and printed."""
    return package_text("view/web/report.css")


def _facts(report: Mapping[str, Any], title: str, subjects: Sequence[Subject]) -> list[str]:
    source = report.get("source") or {}
    analysis = (report.get("settings") or {}).get("analysis") or {}
    error = report.get("mean_reprojection_error_px")
    size = source.get("image_size") or []
    frames = source.get("frames", 0)
    facts = [
        title if analysis.get("subject") else "",
        str(analysis.get("condition") or ""),
        f"{len(subjects)} {'person' if len(subjects) == 1 else 'persons'}",
        "1 frame" if frames == 1 else f"{frames} frames" + _lasting(subjects),
        f"{size[0]} × {size[1]} px" if len(size) == 2 else "",
        f"mean reprojection error {error:.1f} px" if error is not None else "",
        f"PASE {report.get('pase', '')}",
    ]
    return [word for word in facts if word]


def _lasting(subjects: Sequence[Subject]) -> str:
    """How long the recording is and how fast it was filmed, by the times of its frames."""
    if not subjects or len(subjects[0].motion) < 2:
        return ""
    time = subjects[0].motion.time
    seconds = float(time[-1] - time[0])
    return f" in {seconds:.1f} s, {(len(time) - 1) / seconds:.0f} a second"


def _person(
    subject: Subject, report: Mapping[str, Any], plots_folder: Path | None, *, measured: bool
) -> dict[str, Any]:
    """What the template shows of a person, whose height was measured or is an estimate."""
    motion = subject.motion
    facts = _figures(motion.diagnostics, measured=measured)
    several = len(report.get("persons") or []) + len(report.get("left_out") or []) > 1
    if several and motion.track_id == 1 and report.get("main_person"):
        facts.insert(0, f"main person: {report['main_person']}")
    plots = [(name, _data("image/svg+xml", content)) for name, content in _plots(subject, plots_folder)]
    return {
        "name": subject.name,
        "facts": facts,
        "not_seen": in_short(parts_not_seen(motion)),
        "bones": _bones(subject),
        "plots": plots,
        "shown": frames_shown(len(motion), MOST_FRAMES),
        **_answers(motion.findings or analyse(motion)),
    }


def _answers(findings: Findings) -> dict[str, Any]:
    photo = len(findings.angles.time) == 1
    return {
        "movement": movement_text(findings),
        "quality": findings.quality,
        "key_rows": key_rows(findings),
        "further_rows": further_rows(findings),
        **_cycles(findings),
        "range_head": ("angle, °", *(["value"] if photo else ["least", "largest", "range"])),
        "range_tables": list(range_tables(findings)),
        "not_measured": not_measured(findings),
        "meanings": meanings(findings),
    }


def _cycles(findings: Findings) -> dict[str, Any]:
    """Curves over the cycle, and which sides they show."""
    charts = cycle_charts(findings)
    counts = {band.kind: band.count for chart in charts for band in chart.bands}
    return {
        "charts": charts,
        "drawn": [(side, counts[side]) for side in ("left", "right") if side in counts],
        "not_drawn": [side for side in ("left", "right") if charts and side not in counts],
    }


def _figures(diagnostics: FitDiagnostics, *, measured: bool) -> list[str]:
    """Figures of the fit that people ask for first."""
    figures = []
    if (stature := diagnostics.stature_m) is not None:
        spread = f" ± {diagnostics.scale_sd * stature:.2f}" if diagnostics.scale_sd else ""
        figures.append(f"standing height {stature:.2f}{spread} m" + " (as given)" * measured)
    if (camera := diagnostics.camera) is not None:
        figures += [f"camera height {camera.height_m:.2f} m", f"focal length {camera.focal_length_px:.0f} px"]
    return figures


def _left_out(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Others in the picture who got no skeleton, largest first."""
    people = sorted(report.get("left_out") or [], key=lambda person: -float(person["size_px"]))
    return [
        (
            str(person["why"]),
            str(person["frames"]),
            f"{person['first_s']:.1f} … {person['last_s']:.1f}",
            f"{person['size_px']:.0f}",
            f"{person['place_px'][0]:.0f}, {person['place_px'][1]:.0f}",
        )
        for person in people
    ]


def _bones(subject: Subject) -> dict[str, Any]:
    """The table of bones without columns that have no number, and where each bone lies among people's, percent."""
    bones = subject.bones
    columns = {
        "±": ["" if b.sd_m is None or not b.seen else f"{1000 * b.sd_m:.0f}" for b in bones],
        "percentile": ["" if b.percentile is None or not b.seen else f"{b.percentile:.0f}" for b in bones],
    }
    columns = {title: [cell or "–" for cell in cells] for title, cells in columns.items() if any(cells)}
    names = [bone_label(bone.name) for bone in bones]
    lengths = [f"{1000 * bone.length_m:.0f}" if bone.seen else "not seen" for bone in bones]
    rows = zip(names, lengths, *columns.values(), strict=True)
    shares = [None if b.percentile is None or not b.seen else round(b.percentile) for b in bones]
    return {"head": ("bone", "mm", *columns), "rows": list(zip(rows, shares, strict=True))}


def _settings(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{room}.{name}", "–" if value is None else str(value))
        for room, values in (report.get("settings") or {}).items()
        for name, value in values.items()
    ]


def _versions(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    seconds = [(stage, f"{value:.1f} s") for stage, value in (report.get("seconds") or {}).items()]
    return [
        *seconds,
        *((str(name), str(version)) for name, version in (report.get("versions") or {}).items()),
    ]


def _plots(subject: Subject, folder: Path | None) -> list[tuple[str, bytes]]:
    """The plots of a film's person as SVG, by name: those that are in a folder already, or made now."""
    if len(subject.motion) < 2:
        return []
    if folder is not None and folder.is_dir():
        return [(path.stem, path.read_bytes()) for path in sorted(folder.glob("*.svg"))]
    return [(name, svg(figure)) for name, figure in make_plots(subject)]


def _data(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
