"""Sizes measured in one run and held in another."""

from collections.abc import Callable
from pathlib import Path

import pytest

import pase
from pase import pipeline
from pase.anatomy.default import default_skeleton
from pase.anatomy.lengths import bone_lengths
from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.config import make_settings
from pase.errors import InputError
from pase.fit.sizes import combined_sizes, read_sizes, write_sizes
from pase.pipeline.stages import measure
from runs import NUMBERS

SETTINGS = NUMBERS | {"person.height_m": 1.75}


def test_a_run_goes_on_from_the_measuring_and_holds_the_sizes(
    short_clip: Path, networks: tuple[Path, Path], tmp_path: Path
) -> None:
    output, path = tmp_path / "out", tmp_path / "anna.json"
    evidence = measure(short_clip, output, make_settings(SETTINGS))
    assert evidence is not None and not output.exists()
    sizes = combined_sizes([evidence, evidence], PersonFacts(1.75))
    write_sizes(sizes, path)
    report = pipeline.run(short_clip, output, make_settings(SETTINGS | {"person.sizes": path}))
    assert report.resumed == ["pose2d"]
    generic = default_skeleton()
    scale = load_proportions().body_scale(read_sizes(path).log_scale, generic.body_names)
    expected, lengths = bone_lengths(generic.scaled(scale)), bone_lengths(pase.load(output)[0].skeleton)
    assert lengths == pytest.approx(expected, abs=1e-6)


def test_nobody_tells_nothing(empty_photo: Path, networks: tuple[Path, Path], tmp_path: Path) -> None:
    assert measure(empty_photo, tmp_path / "out", make_settings(SETTINGS)) is None
    assert not (tmp_path / "out").exists()


def test_a_file_without_sizes_is_refused_before_any_work(
    empty_photo: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    with pytest.raises(InputError, match="does not exist"):
        settings = make_settings(SETTINGS | {"person.sizes": tmp_path / "no.json"})
        pipeline.run(empty_photo, tmp_path / "out", settings)
    words = ["run", empty_photo, "-o", tmp_path / "out", "--sizes", empty_photo, "--no-overlay"]
    assert "not JSON" in refused(*words)
    assert list(tmp_path.iterdir()) == []
