from pathlib import Path

import pytest

from pase.errors import OutputError
from pase.files import atomic_path, write_text


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
