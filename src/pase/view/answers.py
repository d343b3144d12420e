"""What an analysis found, in the words and numbers of a page."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pase.analysis.angles import ANGLES, angle_of
from pase.analysis.compare import INTERVAL, Difference
from pase.analysis.gait_measures import LEAST_STEPS_A_SIDE
from pase.analysis.measure import definition, heading, unit_text
from pase.findings import Findings, Measure, angle_key
from pase.movements import MOVEMENTS

KEY_MEASURES: dict[str, str] = {
    "walking": "walking_speed cadence step_length step_time step_width stance_share double_support",
    "running": "running_speed cadence step_length contact_time flight_time vertical_oscillation overstride",
    "jump": "repetitions jump_height jump_height_flight_time flight_time knee_flexion_at_landing"
    " knee_valgus_at_landing",
    "squat": "repetitions squat_depth hip_drop time_down time_up trunk_lean knee_valgus_peak knee_asymmetry",
    "lunge": "repetitions lunge_depth hip_drop time_down time_up trunk_lean knee_valgus_peak",
    "sit_to_stand": "repetitions five_times_sit_to_stand stand_up_time repetition_time trunk_lean",
    "arm_raise": "repetitions arm_elevation_peak repetition_time",
    "periodic": "repetitions repetition_time",
}
"""Measures on the first page, by movement; for others the ranges of the legs."""
USUAL_RANGES = "hip_flexion_range knee_flexion_range trunk_lean_forward_range shoulder_elevation_range"
MINUS = "−"


@dataclass(frozen=True)
class Row:
    """A measure on the page: what it is called, and the text of its values."""

    name: str
    middle: str
    """Value of a measure without sides."""
    right: str
    left: str
    unit: str
    count: int
    """Repetitions behind the values; 0 for a number of repetitions itself."""
    meaning: str


def movement_text(findings: Findings) -> str:
    """What the person does; nothing for a photo in which it is not clear."""
    if len(findings.angles.time) == 1 and findings.movement == "other":
        return ""
    text = MOVEMENTS[findings.movement]
    if findings.signal:
        angle, side = angle_of(findings.signal)
        text += f" ({', '.join(filter(None, (angle.plain.lower(), side)))})"
    return text + (", as named by the user" if findings.movement_given else "")


def _key_names(findings: Findings) -> list[str]:
    names: str = KEY_MEASURES.get(findings.movement, USUAL_RANGES)
    return names.split()


def key_rows(findings: Findings) -> list[Row]:
    """The five to eight measures that answer what is asked of the movement."""
    return [row for name in _key_names(findings) if (row := measure_row(findings, name)) is not None]


def further_rows(findings: Findings) -> list[Row]:
    """All other measures but those of single angles."""
    key_names = set(_key_names(findings))
    names = dict.fromkeys(measure.measure for measure in findings.summary())
    return [
        row
        for name in names
        if name not in key_names and not of_angle(name) and (row := measure_row(findings, name)) is not None
    ]


def measure_row(findings: Findings, name: str) -> Row | None:
    """A measure of all repetitions together; None where it was not measured."""
    by_side = {side: findings.measure(name, side) for side in ("", "right", "left")}
    measured = [measure for measure in by_side.values() if measure is not None]
    if not measured:
        return None
    entry = definition(name)
    texts = {side: "–" for side in by_side}
    for side, measure in by_side.items():
        if measure is not None:
            # An error larger than the differences between people leaves nothing to say.
            unsure = measure.sd > entry.people_sd
            texts[side] = "not measurable" if unsure else value_text(measure, entry.digits)
    middle = "" if by_side[""] is None else texts[""]
    count = max(measure.count for measure in measured) if entry.unit else 0
    return Row(
        entry.plain, middle, texts["right"], texts["left"], unit_text(entry.unit), count, entry.meaning
    )


def value_text(measure: Measure, digits: int) -> str:
    """A value with its standard deviation: `1.24 ± 0.05`; a number of repetitions was counted, and has none."""
    if not np.isfinite(measure.value):
        return "–"
    value = number_text(measure.value, digits)
    return value if not measure.sd > 0 else f"{value} ± {measure.sd:.{digits}f}"


def difference_cells(pair: Difference) -> tuple[str, ...]:
    """A change in words and numbers: name, both values, change with its interval, verdict, and a class for colour."""
    entry, name = definition(pair.measure), heading(pair.measure, pair.first.side)
    values = (value_text(measure, entry.digits) for measure in (pair.first, pair.second))
    change = f"{'+' if round(pair.change, entry.digits) > 0 else ''}{number_text(pair.change, entry.digits)}"
    if pair.certain is None:
        return (name, *values, change, "error not known", "")
    change += f" ± {INTERVAL * pair.sd:.{entry.digits}f}"
    if pair.too_uncertain:
        return (name, *values, "", "too uncertain to compare", "")
    verdict = "more than the error" if pair.certain else "within the error"
    return (name, *values, change, verdict, "certain" if pair.certain else "")


def range_tables(findings: Findings) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Names and text of the angles in sure frames, degrees, legs first, then trunk, then arms.

    Of a film least value, largest value and range, of a photo the value; what has none says why.
    """
    for region, title in (("legs", "Legs"), ("trunk", "Pelvis, trunk, head"), ("arms", "Arms")):
        rows = [
            (", ".join(filter(None, (angle.plain, side))), *_range_cells(findings, angle.name, side))
            for angle in ANGLES
            if angle.region == region and angle.name != "pelvis_heading"
            for side in (("left", "right") if angle.sided else ("",))
            if angle_key(angle.name, side) in findings.angles.keys
        ]
        if rows:
            yield title, rows


def _range_cells(findings: Findings, name: str, side: str) -> list[str]:
    """Least value, largest value and the range between, each with its standard deviation; of a photo the value."""
    table, ends = findings.angles, ("min", "max", "range")
    cells = {end: value_text(m, 0) for end in ends if (m := findings.measure(f"{name}_{end}", side))}
    if cells:
        return list(cells.values())
    seen = np.isfinite(table.values[:, table.keys.index(angle_key(name, side))]).any()
    reason = "too uncertain" if seen else "not seen"
    return [reason] if len(table.time) == 1 else ["", reason, ""]


def meanings(findings: Findings) -> dict[str, str]:
    """What the measures and angles of a page are, by the words that it calls them."""
    rows = [*key_rows(findings), *further_rows(findings)]
    angles = [angle for angle in ANGLES if any(k.startswith(angle.name) for k in findings.angles.keys)]
    return {row.name: row.meaning for row in rows} | {
        angle.plain: f"positive: {angle.positive}" for angle in angles if angle.name != "pelvis_heading"
    }


def not_measured(findings: Findings) -> str:
    """Why what people look for in this movement is not there; nothing where it is."""
    if findings.movement not in ("walking", "running") or findings.measure("step_length_symmetry", ""):
        return ""
    return f"No symmetry: it needs {LEAST_STEPS_A_SIDE} steps of each side in the film."


def number_text(value: float, digits: int) -> str:
    """A rounded number; nothing is −0."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def of_angle(name: str) -> bool:
    """Whether a measure is the extreme, range or speed of an angle."""
    return name.endswith(("_min", "_max", "_range", "_speed")) and name not in (
        "walking_speed",
        "running_speed",
    )
