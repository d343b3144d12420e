"""A folder of pictures as one film."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pase.cli import main
from pase.errors import InputError
from pase.media import open_media
from pase.media.footage import Footage
from pase.pipeline.workspace import source_identity


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pictures whose grey is their number, and files that are none of them."""
    place = tmp_path / "pictures"
    place.mkdir()
    for number in range(12):
        Image.fromarray(np.full((48, 64, 3), 20 * number, np.uint8)).save(place / f"walk_{number}.png")
    (place / "notes.txt").write_text("", encoding="utf-8")
    (place / ".hidden.png").write_bytes(b"")
    return place


def test_pictures_come_in_the_order_of_their_numbers_at_the_rate(folder: Path) -> None:
    with open_media(Footage(folder, rate_hz=50.0)) as film:
        frames = list(film.frames())
        assert film.image_size == (64, 48) and film.frame_count_hint == 12
        assert [int(frame.image[0, 0, 0]) // 20 for frame in frames] == list(range(12))
        np.testing.assert_allclose([frame.time for frame in frames], np.arange(12) / 50)
        assert [frame.for_encoder((32, 24)).width for frame in frames] == [32] * 12
    with open_media(Footage(folder, rotate=90, rate_hz=50.0, start_s=0.1, end_s=0.15)) as media:
        assert media.image_size == (48, 64)
        assert [int(frame.image[0, 0, 0]) // 20 for frame in media.frames()] == [5, 6, 7]


def test_what_is_no_film_is_refused(folder: Path) -> None:
    Image.new("RGB", (10, 10)).save(folder / "walk_3.png")
    with open_media(Footage(folder, rate_hz=50.0)) as film, pytest.raises(InputError, match="one size"):
        list(film.frames())
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        open_media(Footage(folder / "empty", rate_hz=50.0))
    with pytest.raises(InputError, match="is a folder"):
        open_media(folder)


def test_a_changed_picture_makes_another_film(folder: Path) -> None:
    before = source_identity(folder)
    assert source_identity(folder) == before
    Image.new("RGB", (64, 48)).save(folder / "walk_3.png")
    assert source_identity(folder) != before


def test_the_command_line_runs_a_folder_as_a_film(
    folder: Path,
    networks: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    refused: Callable[..., str],
) -> None:
    words = ["run", str(folder), "-o", str(tmp_path / "out"), "--as-film"]
    assert "--as-film needs --rate" in refused(*words)
    assert main([*words, "--rate", "25"]) == 0
    assert "12 frames" in capsys.readouterr().out
