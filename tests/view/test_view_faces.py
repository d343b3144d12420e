"""Faces are hidden in what is drawn, also before the detector sees a person, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from pictures import read_pictures

from media.test_media_sound import make_video
from pase.config import Settings, ViewSettings, make_settings
from pase.data import HALPE26, Keypoints2D
from pase.errors import InputError
from pase.media import Frame, write_image
from pase.pipeline.outputs import cover_of_result, face_cover
from pase.pipeline.recording import Recording, choose
from pase.types import Array, Image
from pase.view.faces import FaceCover
from pase.view.film import make_film
from pase.view.overlay import draw_overlay

SIZE = (160, 120)
PLACES = {
    "Head": (80, 20),
    "Nose": (82, 34),
    "LEye": (85, 31),
    "REye": (78, 31),
    "LEar": (90, 33),
    "REar": (72, 33),
}
PLACES |= {"Neck": (80, 48), "LAnkle": (84, 115), "RAnkle": (76, 115)}


def person(times: Array, shift: float = 0.0) -> Keypoints2D:
    """Somebody whose head is around (80, 35) and about 30 pixels high."""
    xy = np.full((len(times), len(HALPE26), 2), np.nan)
    for name, place in PLACES.items():
        xy[:, HALPE26.index(name)] = np.add(place, (shift, 0.0))
    return Keypoints2D(xy, np.isfinite(xy[..., 0]).astype(float), times, SIZE)


def noise(seed: int = 1) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


def changed(cover: FaceCover, time: float) -> Array:
    """(H, W) pixels of a frame that are other ones than before."""
    image = noise()
    (frame,) = cover.frames([Frame(0, time, image.copy())])
    return np.asarray((frame.image != image).any(-1))


def test_the_head_is_hidden_and_the_rest_of_the_picture_stays() -> None:
    hidden = changed(FaceCover([person(np.zeros(1))]), 0.0)
    for name in ("Head", "Nose", "LEye", "REye", "LEar", "REar"):
        x, y = PLACES[name]
        assert hidden[y - 1 : y + 2, x - 1 : x + 2].mean() > 0.9, name
    assert hidden[44, 80], "the chin"
    assert not hidden[75:].any() and not hidden[:, :45].any() and not hidden[:, 115:].any()


def test_a_hidden_face_has_a_few_colours() -> None:
    (frame,) = FaceCover([person(np.zeros(1))]).frames([Frame(0, 0.0, noise())])
    face = frame.image[28:38, 75:87].reshape(-1, 3)
    assert len(np.unique(face, axis=0)) <= 6


def test_a_face_is_hidden_more_widely_before_its_keypoints_are_known_and_then_no_more() -> None:
    cover = FaceCover([person(np.array([2.0, 2.1]))])
    at, early, long_before = (int(changed(cover, time).sum()) for time in (2.0, 1.8, 0.5))
    assert early > 2 * at > 0 and long_before == 0


def test_footage_without_people_passes_as_it_is() -> None:
    frame = Frame(0, 0.0, noise())
    assert next(FaceCover([Keypoints2D.empty()]).frames([frame])) is frame


def test_overlay_and_film_hide_faces(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.png", noise())
    cover = FaceCover([person(np.zeros(1))])
    draw_overlay(tmp_path / "photo.png", [], tmp_path / "out.png", ViewSettings(), cover=cover)
    _, (drawn,) = read_pictures(tmp_path / "out.png")
    assert (drawn[30:36, 77:84] != noise()[30:36, 77:84]).any(-1).mean() > 0.9
    film, plain = make_film(tmp_path / "photo.png", cover=cover), make_film(tmp_path / "photo.png")
    assert film is not None and plain is not None and film.content != plain.content


def test_an_overlay_with_hidden_faces_has_no_sound(tmp_path: Path) -> None:
    make_video(tmp_path / "film.mp4", "aac")
    for cover, tracks in ((None, 1), (FaceCover([]), 0)):
        draw_overlay(tmp_path / "film.mp4", [], tmp_path / "out.mp4", cover=cover)
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert len(container.streams.audio) == tracks


def test_those_who_get_no_skeleton_are_hidden_too(caplog: pytest.LogCaptureFixture) -> None:
    times = np.arange(40) / 30
    main, short = person(times), person(times[:2], shift=30.0)
    main.score[:] = short.score[:] = 0.9
    main.xy[:] = np.where(np.isfinite(main.xy), main.xy, (80.0, 80.0))
    recording = Recording([main, short], 40, SIZE, time=times)
    for hide, others in ((True, 1), (False, 0)):
        settings = make_settings({"view.hide_faces": hide})
        chosen = choose(recording, settings)
        assert (len(chosen.people), len(chosen.left_out), len(chosen.others)) == (1, 1, others)
        assert (face_cover(chosen, settings.view) is not None) is hide
    assert face_cover(recording, Settings().view) is None


def test_a_result_without_the_keypoints_of_others_is_refused() -> None:
    people = [person(np.zeros(1))]
    assert changed(cover_of_result(people, {"left_out": []}), 0.0).any()
    with pytest.raises(InputError, match="'pase run --hide-faces'"):
        cover_of_result(people, {"left_out": [{"why": "too small"}]})
