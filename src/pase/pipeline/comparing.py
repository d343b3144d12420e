"""Finished results beside each other: what changed from the first to each of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pase.errors import InputError
from pase.findings import Findings
from pase.pipeline.results import load_motions

COLUMNS = (
    "measure",
    "side",
    "unit",
    "first",
    "second",
    "value_1",
    "sd_1",
    "value_2",
    "sd_2",
    "change",
    "sd",
    "certain",
)


def compare_results(folders: Sequence[Path], output: Path | None = None) -> Iterator[str]:
    """One line a measure on how the main person's other results differ from the first; also as a table.

    Parameters
    ----------
    folders
        At least two finished results.
    output
        A `.csv` to write the table to, or None.

    Raises
    ------
    InputError
        When there are fewer than two results, or one has nobody or no analysis in it.
    """
    from pase.analysis.compare import differences
    from pase.formats.findings import write_rows

    if len(folders) < 2:
        raise InputError("name at least two results to compare")
    first, *others = [_findings(folder) for folder in folders]
    rows: list[tuple[object, ...]] = []
    for folder, second in zip(folders[1:], others, strict=True):
        pairs = differences(first, second)
        yield f"{folders[0]} → {folder}"
        if first.movement != second.movement:
            yield f"  the movements differ: {first.movement}, {second.movement}; ranges of motion alone compare"
        yield from (
            f"  {difference.sentence()}"
            for difference in pairs
            if not difference.measure.endswith(("_min", "_max"))
        )
        rows += [
            (
                *(difference.measure, difference.side, difference.unit, folders[0].name, folder.name),
                *(
                    f"{x:.6g}"
                    for x in (
                        difference.first.value,
                        difference.first.sd,
                        difference.second.value,
                        difference.second.sd,
                    )
                ),
                *(
                    f"{difference.change:.6g}",
                    f"{difference.sd:.6g}",
                    "" if difference.certain is None else difference.certain,
                ),
            )
            for difference in pairs
        ]
    if output is not None:
        write_rows(output, COLUMNS, rows)
        yield str(output)


def _findings(folder: Path) -> Findings:
    motions = load_motions(folder)
    if not motions:
        raise InputError(f"nobody is in {folder}: nothing to compare")
    findings = motions[0].findings
    if findings is None:
        raise InputError(f"{folder} holds no measures: it was made by an earlier version; run it again")
    return findings
