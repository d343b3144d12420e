"""`comparison.html`: what changed from one recording to others, with their skeletons side by side."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from pase.analysis.compare import ComparedResult, Difference, differences
from pase.files import write_text
from pase.findings import Findings
from pase.movements import MOVEMENTS
from pase.view.answers import KEY_MEASURES, difference_cells, meanings, of_angle
from pase.view.cycle_chart import compared_charts
from pase.view.page import page_style, page_template
from pase.view.synchronisation import synchronised
from pase.view.viewer import write_viewer

PAGE, SKELETONS = "comparison.html", "skeletons.html"


def write_comparison(recordings: Sequence[ComparedResult], folder: Path) -> Path:
    """Write the page of a comparison and, beside it, the skeletons that it shows; where the page is."""
    names, motions, findings = zip(*recordings, strict=True)
    motions_in_step = synchronised(motions, names)
    title = " and ".join(names)
    write_viewer(motions_in_step.subjects, folder / SKELETONS, title=title)
    text = page_template("comparison.html.j2").render(
        title=title,
        style=Markup(page_style()),
        skeletons=SKELETONS,
        on=motions_in_step.on,
        recordings=[
            (name, MOVEMENTS[own_findings.movement], own_findings.quality)
            for name, _, own_findings in recordings
        ],
        tables=[(name, _tables(findings[0], other)) for name, _, other in recordings[1:]],
        first=names[0],
        charts=compared_charts(findings),
        meanings=meanings(findings[0]),
    )
    write_text(folder / PAGE, text + "\n")
    return folder / PAGE


def _tables(first: Findings, other: Findings) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Titles and rows: the measures that answer what is asked of the movement, the others, and the angles' ranges."""
    keys = KEY_MEASURES.get(first.movement, "").split()
    groups: dict[str, list[Difference]] = {"": [], "Further measures": [], "Ranges of motion": []}
    for pair in differences(first, other):
        if pair.measure in keys:
            groups[""].append(pair)
        elif not of_angle(pair.measure):
            groups["Further measures"].append(pair)
        elif pair.measure.endswith("_range"):
            groups["Ranges of motion"].append(pair)
    return [(title, [difference_cells(pair) for pair in rows]) for title, rows in groups.items() if rows]
