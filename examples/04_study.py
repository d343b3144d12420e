"""Do the conditions of a study differ in how far the knees bend? `python examples/04_study.py FOLDER RESULTS`.

FOLDER holds the recordings and `study.csv` with the columns file, subject, height and condition.
"""

import sys
from collections import defaultdict

from pase.batch.run import run_batch


def main() -> None:
    """Run what is missing, and compare."""
    result = run_batch(sys.argv[1], sys.argv[2])
    for entry in result.failed:
        print(f"left out: {entry.line()}")

    knees: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for entry in result.entries:
        for side in "rl":
            range_deg = entry.figures.get(f"knee_angle_{side}_range_deg")
            if range_deg is not None:
                deviation = entry.figures[f"knee_angle_{side}_range_sd_deg"]
                knees[entry.trial.condition].append((range_deg, deviation))

    for condition, ranges in knees.items():
        weights = [1 / deviation**2 for _, deviation in ranges]
        mean = sum(weight * value for weight, (value, _) in zip(weights, ranges, strict=True)) / sum(weights)
        print(
            f"{condition or 'all'}: knees bend by {mean:.0f}° ± {sum(weights) ** -0.5:.0f}° in {len(ranges)} legs"
        )


if __name__ == "__main__":  # the trials run in processes of their own, which read this file again
    main()
