"""Every reader with broken files: nothing but a PaseError, no hang, no memory blown up."""

import importlib.util
import os
from pathlib import Path

import pytest
from fault_check import answered, check
from fault_mutations import BREAKERS
from fault_reader import Reader
from fault_readers import READERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = 8
SETTINGS = settings(
    max_examples=EXAMPLES,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def _reader(name: str) -> Reader:
    reader = READERS[name]
    if reader.needs is not None and importlib.util.find_spec(reader.needs) is None:
        pytest.skip(f"{reader.needs} is not installed")
    return reader


@pytest.mark.parametrize("name", READERS)
def test_the_valid_file_is_read(name: str) -> None:
    reader = _reader(name)
    assert check(reader, reader.content())


@pytest.mark.parametrize("name", READERS)
def test_broken_files_end_in_one_line(name: str) -> None:
    reader = _reader(name)

    @SETTINGS
    @given(st.data())
    def broken(data: st.DataObject) -> None:
        check(reader, data.draw(BREAKERS[reader.kind](reader.content())))

    broken()


@pytest.mark.parametrize("name", sorted(set(READERS) - {"state", "job", "archive"}))
def test_what_is_no_file_ends_in_one_line(name: str, tmp_path: Path) -> None:
    """Of all that a user can name; where PASE keeps its own notes a missing one is no fault."""
    reader = _reader(name)
    for number, place in enumerate(("folder", "nothing", "loop", "dangling", "fifo", "device")):
        path = tmp_path / str(number) / reader.file
        path.parent.mkdir(parents=True)
        if place == "folder":
            path.mkdir()
        elif place == "loop":
            path.symlink_to(path.name)
        elif place == "dangling":
            path.symlink_to("nowhere")
        elif place == "fifo":
            os.mkfifo(path)
        elif place == "device":
            path.symlink_to("/dev/zero")
        assert not answered(reader, path), place
