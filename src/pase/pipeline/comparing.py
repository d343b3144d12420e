"""Finished results beside each other: what changed from the first to each of the others."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pase.analysis.compare import ComparedResult, differences
from pase.errors import InputError
from pase.pipeline.results import load_motions

TABLE = "differences.csv"
COLUMNS = (
    "measure", "side", "unit", "first", "second", "value_1", "sd_1", "value_2", "sd_2", "change", "sd", "certain",
)  # fmt: skip


def compare_results(folders: Sequence[Path], output: Path | None = None) -> Iterator[str]:
    """One line a measure on how the main person's other results differ from the first; also as a table and a page.

    Parameters
    ----------
    output
        A folder for the page, the skeletons that it shows and the table; a `.csv` for the table alone; or None.

    Raises
    ------
    InputError
        When there are fewer than two results, or one has nobody or no analysis in it.
    """
    from pase.formats.tables import write_rows

    if len(folders) < 2:
        raise InputError("name at least two results to compare")
    alone = output is not None and output.suffix.lower() == ".csv"
    if output is not None and not alone and output.is_file():
        raise InputError(f"{output} is a file: name a folder for the page, or a .csv for the table alone")
    results = _results(folders)
    first = results[0]
    rows: list[tuple[object, ...]] = []
    for folder, second in zip(folders[1:], results[1:], strict=True):
        pairs = differences(first.findings, second.findings)
        yield f"{folders[0]} → {folder}   (±: 95 % interval of the change)"
        yield from _doubts(first, second)
        if first.findings.movement != second.findings.movement:
            yield (
                f"  the movements differ: {first.findings.movement}, {second.findings.movement}; "
                "compare ranges of motion only"
            )
        for pair in pairs:
            if not pair.measure.endswith(("_min", "_max")) and not pair.too_uncertain:
                yield f"  {pair.sentence()}"
            before, after = pair.first, pair.second
            numbers = (before.value, before.sd, after.value, after.sd, pair.change, pair.sd)
            names = (before.measure, before.side, before.unit, first.name, second.name)
            rows.append((*names, *(f"{number:.6g}" for number in numbers), pair.certain))
        uncertain = sum(pair.too_uncertain for pair in pairs)
        if uncertain:
            yield f"  {uncertain} ranges and speeds are too uncertain to compare (the table that -o writes has them)"
    if output is None:
        return
    write_rows(output if alone else output / TABLE, COLUMNS, rows)
    if not alone:
        from pase.view.comparison import write_comparison

        output = write_comparison(results, output)
    yield str(output)


def _doubts(*results: ComparedResult) -> Iterator[str]:
    """A line for each result that is not good: its changes may be errors."""
    for result in results:
        quality = result.findings.quality
        if quality.verdict in ("check", "do not use"):
            yield f"  warning: {result.name} is marked '{quality.verdict}': {'; '.join(quality.reasons)}"


def _results(folders: Sequence[Path]) -> list[ComparedResult]:
    """The results; those of the same name are distinguished by the folder above."""
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [
            f"{folder.resolve().parent.name}/{name}" for folder, name in zip(folders, names, strict=True)
        ]
    return [_result(name, folder) for name, folder in zip(names, folders, strict=True)]


def _result(name: str, folder: Path) -> ComparedResult:
    motions = load_motions(folder)
    if not motions:
        raise InputError(f"nobody is in {folder}: nothing to compare")
    findings = motions[0].findings
    if findings is None:
        raise InputError(f"{folder} holds no measures: it was made by an earlier version; run it again")
    return ComparedResult(name, motions[0], findings)
