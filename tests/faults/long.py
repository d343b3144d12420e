"""Break files for as long as one likes: `python tests/faults/long.py --minutes 60 [READER ...]`."""

import argparse
import faulthandler
import importlib.util
import logging
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fault_check import MOST_SECONDS, check
from fault_mutations import BREAKERS
from fault_readers import READERS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

BATCH = 60


def run_batch(name: str, tally: Counter[str], keep: Path) -> None:
    """Try some broken files on a reader; what is found is shown, and the file kept."""
    reader, last = READERS[name], b""

    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def broken(data: st.DataObject) -> None:
        nonlocal last
        last = data.draw(BREAKERS[reader.kind](reader.content()))
        (keep / "last").write_bytes(last)
        faulthandler.dump_traceback_later(3 * MOST_SECONDS, exit=True)
        tally["read" if check(reader, last) else "refused"] += 1

    try:
        broken()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        tally["FOUND"] += 1
        path = keep / f"{name.replace(' ', '_')}_{tally['FOUND']}_{type(error).__name__}"
        path.write_bytes(last)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "pase" in f.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        print(f"{name}: {type(error).__name__} at {place}: {str(error)[:200]}  ({path})", flush=True)
    finally:
        faulthandler.cancel_dump_traceback_later()


def main() -> int:
    """Go round the readers until the time is over; the exit code is 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--keep", type=Path, default=Path("faults-found"), help="folder of the files found")
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"any of: {', '.join(READERS)}")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    options.keep.mkdir(parents=True, exist_ok=True)
    usable = [n for n, r in READERS.items() if r.needs is None or importlib.util.find_spec(r.needs)]
    names, end = options.readers or usable, time.monotonic() + 60 * options.minutes
    tallies: dict[str, Counter[str]] = {name: Counter() for name in names}
    while time.monotonic() < end:
        for name in names:
            if time.monotonic() < end:
                run_batch(name, tallies[name], options.keep)
    for name, tally in tallies.items():
        print(f"{name:<20}", *(f"{count} {outcome}" for outcome, count in sorted(tally.items())))
    return int(any(tally["FOUND"] for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
