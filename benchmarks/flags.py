"""Command lines of benchmarks whose end, after `--`, goes to `pase run`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def with_flags(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The options of a benchmark; what follows `--` is their `flags`."""
    words = list(words)
    cut = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:cut])
    options.flags = words[cut + 1 :]
    return options
