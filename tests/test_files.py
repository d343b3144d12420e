import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pase.errors import InputError, OutputError
from pase.files import atomic_path, read_json, read_json_items, write_text

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_writes_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "a.csv", "time\n0\n")
    assert (tmp_path / "new" / "a.csv").read_bytes() == b"time\n0\n"
    assert leftovers(tmp_path / "new") == ["a.csv"]


def test_temporary_name_keeps_the_suffix_and_the_folder(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "overlay.mp4") as temporary:
        assert temporary.suffix == ".mp4" and temporary.parent == tmp_path
        temporary.write_bytes(b"x")


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_interruption_keeps_the_old_file(tmp_path: Path, interruption: type[BaseException]) -> None:
    path = tmp_path / "a.mot"
    path.write_text("old")
    with pytest.raises(interruption), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise interruption
    assert path.read_text() == "old" and leftovers(tmp_path) == ["a.mot"]


def test_full_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*a\.mot: No space left on device$"), \
            atomic_path(tmp_path / "a.mot") as temporary:  # fmt: skip
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert leftovers(tmp_path) == []


def test_refuses_folders_devices_and_files_as_parents(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, Path("/dev/null"), tmp_path / "file" / "a.csv"):
        with pytest.raises(OutputError, match="cannot write"):
            write_text(path, "")


def test_text_is_written_piece_by_piece(tmp_path: Path) -> None:
    write_text(tmp_path / "a.csv", (f"{number}\n" for number in range(3)))
    assert (tmp_path / "a.csv").read_bytes() == b"0\n1\n2\n"


@given(
    st.lists(values, max_size=4),
    st.sampled_from([None, 2]),
    st.integers(1, 9),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_list_is_read_item_by_item_as_if_whole(
    items: list[Any], indent: int | None, piece: int, encoding: str
) -> None:
    with TemporaryDirectory() as folder, patch("pase.files._PIECE", piece):
        path = Path(folder) / "items.json"
        path.write_text(
            json.dumps(items, indent=indent, ensure_ascii=False), encoding, errors="surrogatepass"
        )
        assert [*read_json_items(path)] == read_json(path) == items


def test_what_is_broken_in_a_list_is_told_by_its_item(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text('[{"a": 1}, {"a": 2}, {"a": }, {"a": 4}]')
    with (
        patch("pase.files._PIECE", 4),
        pytest.raises(InputError, match=r"Expecting value in or after item 2\)"),
    ):
        list(read_json_items(tmp_path / "items.json"))


@given(st.text(alphabet='[]{},:"1 e-\nx', max_size=12), st.integers(12, 14))
def test_what_is_no_list_is_refused_as_when_read_whole(text: str, piece: int) -> None:
    with TemporaryDirectory() as folder, patch("pase.files._PIECE", piece):
        path = Path(folder) / "items.json"
        path.write_text(text)
        try:
            items = read_json(path)
        except InputError:
            items = None
        if isinstance(items, list):
            assert [*read_json_items(path)] == items
        else:
            with pytest.raises(InputError, match="not a JSON list"):
                list(read_json_items(path))
