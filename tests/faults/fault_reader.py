"""What a test of broken files knows of one reader."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[1] / "pose2d" / "samples"


@dataclass(frozen=True)
class Reader:
    """One way into PASE."""

    file: str
    """Path of the broken file, relative to an empty folder."""
    kind: str
    """What it is made of: a key of `fault_mutations.BREAKERS`."""
    content: Callable[[], bytes]
    """A valid file."""
    read: Callable[[Path], object]
    """Reads `file` and uses what came out, as PASE would."""
    beside: Callable[[], dict[str, bytes]] = field(default=dict)
    """Further files that must be there, by relative path."""
    needs: str | None = None
    """Package without which there is nothing to read with."""


def sample(name: str) -> Callable[[], bytes]:
    return lambda: (SAMPLES / name).read_bytes()


def written(name: str, write: Callable[[Path], object]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name)
        return (Path(folder) / name).read_bytes()
