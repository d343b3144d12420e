"""All motion to train on, converted, made and packed: a few megabytes that go anywhere.

    PYTHONPATH=src python -m tools.train_lifter.motion --corpus MOTION --cache FOLDER [--processes 4]

MOTION holds `motion_corpus.npz` and `more/`. An hour or so of one core; what is in the folder already stays.
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from tools.train_lifter.bank import pack
from tools.train_lifter.corpus import Take, convert
from tools.train_lifter.gait import make_walks
from tools.train_lifter.jumps import make_jumps
from tools.train_lifter.procedural import procedural

SOURCES = {
    "corpus": ("motion_corpus.npz", 1), "cmu": ("more/cmu_new.npz", 1),
    "running": ("more/fukuchi_running_grafted.npz", 1), "exercises": ("more/uiprmd.npz", 2),
}  # fmt: skip
"""Files of captured motion, and how many frames apart they are solved."""
SEED = 6
MINUTES, JUMP_MINUTES, WALK_MINUTES = 320.0, 20.0, 20.0
"""Of made motion."""


def captured(corpus: Path, cache: Path, source: str, processes: int = 1) -> list[Take]:
    """The takes of one source."""
    file, every = SOURCES[source]
    takes = convert(corpus / file, cache / f"{source}_q.npz", every, processes)
    return [replace(t, source=source) for t in takes]


def made(
    cache: Path, minutes: float = MINUTES, jump_minutes: float = JUMP_MINUTES, seed: int = SEED
) -> list[Take]:
    """Takes made on the skeleton, jumps and walks included."""
    takes = procedural(cache / "procedural_q.npz", minutes, seed)
    takes += procedural(cache / "jumps_q.npz", jump_minutes, seed + 1, make_jumps)
    return takes + procedural(cache / "walks_q.npz", WALK_MINUTES, seed + 2, make_walks)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--jump-minutes", type=float, default=JUMP_MINUTES)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", choices=[*SOURCES, "made"], help="one source alone")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    packed = options.cache / "packed"
    packed.mkdir(parents=True, exist_ok=True)
    for source in [s for s in SOURCES if options.only in (None, s)]:
        takes = captured(options.corpus, options.cache, source, options.processes)
        pack(takes, packed / f"{source}.xz")
    if options.only in (None, "made"):
        pack(made(options.cache, options.minutes, options.jump_minutes), packed / "made.xz")


if __name__ == "__main__":
    main()
