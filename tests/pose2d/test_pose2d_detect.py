"""The networks on real footage: the right person, all the time, human-shaped, with left and right."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from pase.config import Pose2DSettings
from pase.data import HALPE26, Keypoints2D
from pase.errors import ModelFileError
from pase.keypoint_sets import mirrored_order
from pase.media import Frame, open_media
from pase.models import model_path
from pase.networks.onnx import start_session
from pase.pose2d.detect import detect_keypoints
from places import shared

WALK, SQUAT = "bench/dev/lab_walk/video.mp4", "bench/dev/lab_squat/video.mp4"


@pytest.fixture(scope="module", autouse=True)
def networks() -> None:
    try:
        for name in ("yolox-tiny", "rtmpose-s"):
            model_path(name, offline=True)
    except ModelFileError:
        pytest.skip("needs the networks: run 'pase models fetch' or set PASE_MODELS")


def found(
    path: Path, count: int, change: Callable[[Frame], np.ndarray] = lambda frame: frame.image
) -> list[Keypoints2D]:
    frames = [
        Frame(f.index, f.time, np.ascontiguousarray(change(f)))
        for f in islice(open_media(path).frames(), count)
    ]
    height, width = frames[0].image.shape[:2]
    detected = detect_keypoints(frames, (width, height))
    return [person.over(detected.time) for person in detected.people]


def assert_human(track: Keypoints2D) -> None:
    """Segments of steady and similar length right and left, head over hips over feet."""
    xy = track.xy[track.seen]
    thighs = [np.linalg.norm(xy[:, hip] - xy[:, knee], axis=1) for hip, knee in ((11, 13), (12, 14))]
    assert 0.7 < np.median(thighs[0]) / np.median(thighs[1]) < 1.4
    assert (xy[:, 17, 1] < xy[:, 19, 1]).all()
    assert (xy[:, 19, 1] < xy[:, [24, 25], 1].max(1)).all()
    assert track.score[track.seen].mean() > 0.6
    assert 0 < np.median(track.sigma[track.seen]) < 10


def test_a_walker_is_seen_in_every_frame() -> None:
    (track, *_) = found(shared(WALK), 40)
    assert track.seen.all()
    assert track.time == pytest.approx(np.arange(40) / 60, abs=1e-6)
    assert track.image_size == (720, 1280)
    assert_human(track)
    steps = np.linalg.norm(np.diff(track.xy[:, [5, 6, 11, 12]], axis=0), axis=-1)
    assert steps.max() < 25


def test_a_jumper_stays_one_person() -> None:
    """In the demo clip somebody leaps off a wall and is lost in the air; somebody else walks out of the picture.

    The shoulders of that person leave it at 2.4 s, and the hand at 2.75 s.
    """
    try:
        clip = model_path("demo", offline=True)
    except ModelFileError:
        pytest.skip("needs the demo clip: run 'pase models fetch'")
    with open_media(clip) as media:
        frames = [Frame(i, i / 30, f.image) for i, f in enumerate(islice(media.frames(), 130, 215))]
        people = detect_keypoints(frames, media.image_size).people
    walker, jumper = sorted(people, key=len)
    assert 2.4 < walker.time[-1] < 2.75
    assert len(jumper) == len(frames)


def test_a_squat_is_as_well_known_from_a_part_of_the_frames() -> None:
    path = shared(SQUAT)
    with open_media(path) as media:
        frames = list(islice(media.frames(), 60))
    full, cropped = (
        detect_keypoints(frames, (720, 1280), Pose2DSettings(every=every)).people[0]
        for every in ("all", "auto")
    )
    assert full.measured is None
    assert cropped.seen.all() and cropped.measured is not None
    assert cropped.measured[[0, -1]].all() and 0.2 < cropped.measured.mean() < 0.6
    apart = np.linalg.norm(full.xy - cropped.xy, axis=-1)
    height = np.ptp(full.xy[0, :, 1])
    assert np.sqrt(np.mean(apart[~cropped.measured] ** 2)) < 0.01 * height


def test_a_mirrored_recording_gives_mirrored_keypoints() -> None:
    path = shared(SQUAT)
    (plain, *_) = found(path, 6)
    (mirrored, *_) = found(path, 6, lambda frame: frame.image[:, ::-1])
    back = mirrored.xy[:, mirrored_order(HALPE26)] * [-1, 1] + [719, 0]
    height = np.ptp(plain.xy[0, :, 1])
    assert np.median(np.linalg.norm(back - plain.xy, axis=-1)) < 0.01 * height


@pytest.mark.parametrize("camera", ["cam01", "cam02", "cam03", "cam04"])
def test_the_walker_is_followed_not_the_bystander(camera: str) -> None:
    (track, *_) = found(shared(f"bench/multiview/{camera}.mp4"), 25)
    assert track.seen.all()
    assert_human(track)
    assert np.ptp(track.xy[..., 1], axis=1).min() > 0.25 * track.image_size[1]


def test_a_person_who_was_hidden_is_the_same_afterwards() -> None:
    hidden = range(10, 34)
    path = shared(WALK)
    (track, *_) = found(path, 60, lambda f: np.full_like(f.image, 90) if f.index in hidden else f.image)
    assert track.seen[:10].all()
    assert not track.seen[10:34].any()
    assert track.seen[42:].all()
    assert np.isnan(track.xy[20]).all()
    assert (track.score[20] == 0).all()


def test_the_bigger_of_two_is_the_main_person() -> None:
    small = list(islice(open_media(shared(WALK)).frames(), 8))
    squat = shared(SQUAT)
    (track, *_) = found(squat, 8, lambda f: np.hstack([small[f.index].image, f.image]))
    assert track.xy[:, 19, 0].min() > 720


def test_points_beyond_the_edge_are_unseen() -> None:
    (uncut, *_) = found(shared(SQUAT), 2)
    middle = int(uncut.xy[0, 19, 1])
    (cut, *_) = found(shared(SQUAT), 2, lambda frame: frame.image[:middle])
    finite = np.isfinite(cut.xy).all(-1)
    assert finite[:, :9].all()
    assert (cut.xy[finite][:, 1] <= middle).all()
    assert (cut.score[~finite] == 0).all()
    assert cut.score[:, 20:].max() < 0.6


def test_upside_down_is_read_like_upright() -> None:
    path = shared(SQUAT)
    (plain, *_) = found(path, 1)
    (turned, *_) = found(path, 1, lambda frame: frame.image[::-1, ::-1])
    distance = np.linalg.norm([719, 1279] - turned.xy - plain.xy, axis=-1)
    assert np.median(distance) < 0.02 * np.ptp(plain.xy[0, :, 1])


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 500, 3), (300, 400, 3)])
def test_nobody_is_an_empty_list(shape: tuple[int, int, int]) -> None:
    frames = [Frame(n, n / 30, np.full(shape, 120, np.uint8)) for n in range(3)]
    assert detect_keypoints(frames, (shape[1], shape[0])).people == []
    assert detect_keypoints([], (shape[1], shape[0])).people == []


def test_frames_are_not_kept() -> None:
    alive = 0

    class Counted(np.ndarray):
        def __del__(self) -> None:
            nonlocal alive
            alive -= self.base is None

    largest = 0

    def frames() -> Iterator[Frame]:
        nonlocal alive, largest
        for number in range(20):
            image = Counted((60, 80, 3), np.uint8)
            image[:] = 100
            alive += 1
            largest = max(largest, alive)
            yield Frame(number, number / 30, image)

    detect_keypoints(frames(), (80, 60), Pose2DSettings(every="all"))
    assert largest <= 3


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no network")
    with pytest.raises(ModelFileError, match="net.onnx cannot be run"):
        start_session(tmp_path / "net.onnx")


def test_after_a_cut_it_is_another_person(caplog: pytest.LogCaptureFixture) -> None:
    walk, squat = (
        list(islice(open_media(shared(f"bench/dev/{name}/video.mp4")).frames(), 8))
        for name in ("lab_walk", "lab_squat")
    )
    frames = [Frame(n, n / 30, f.image) for n, f in enumerate([*walk, *squat])]
    detected = detect_keypoints(frames, (720, 1280))
    assert detected.cuts == [pytest.approx(8 / 30)]
    assert sorted((p.shot, int(p.seen.sum())) for p in detected.people) == [(0, 8), (1, 8)]
    assert "the footage is cut (at 0.27 s)" in caplog.text


def test_two_who_are_there_are_two() -> None:
    walk = list(islice(open_media(shared(WALK)).frames(), 8))
    squat = shared(SQUAT)
    people = found(squat, 8, lambda f: np.hstack([walk[f.index].image, f.image]))
    assert [int(person.seen.sum()) for person in people] == [8, 8]
    assert [person.track_id for person in people] == [1, 2]


@pytest.mark.parametrize("rate", [1.0, 240.0])
def test_any_frame_rate_is_followed(rate: float) -> None:
    shown = list(islice(open_media(shared(SQUAT)).frames(), 12))
    detected = detect_keypoints([Frame(n, n / rate, f.image) for n, f in enumerate(shown)], (720, 1280))
    (person,) = detected.people
    assert person.seen.all()
