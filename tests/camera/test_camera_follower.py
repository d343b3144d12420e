"""Turn and zoom of a virtual camera come back from its pictures, whatever else is in them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from panorama import Array, Panorama, Picture, Room, yaw_pitch_roll

from pase.camera.follower import CameraFollower
from pase.camera.motion import CameraMotion
from pase.camera.rotations import mean_rotation, vector_of_rotation
from pase.camera.shot_motion import Choice
from pase.media import Frame

RATE_HZ = 30.0


def followed(
    panorama: Panorama,
    time: Array,
    R: Array,
    zoom: Array | None = None,
    over: Callable[[int, Picture], Picture] = lambda _, picture: picture,
    choice: Choice = "auto",
    focal_px: float | None = 390.0,
) -> CameraMotion:
    """What is told of a camera of known turns (T, 3, 3) and zooms (T,)."""
    follower = CameraFollower(panorama.size, focal_px, choice)
    zoom = np.ones(len(time)) if zoom is None else zoom
    for i in range(len(time)):
        picture, boxes = panorama.frame(time[i], R[i], zoom[i])
        follower.look(Frame(i, time[i], over(i, picture)), boxes)
    (motion,) = follower.motions(time)
    return motion


def wrong_deg(motion: CameraMotion, R: Array) -> Array:
    """(T, 3) errors of the turns in degrees; which frame is the reference does not matter."""
    reference = mean_rotation(R.transpose(0, 2, 1) @ motion.R_camera_reference)
    return np.degrees(vector_of_rotation(motion.R_camera_reference @ (R @ reference).transpose(0, 2, 1)))


def rms(values: Array) -> float:
    return float(np.sqrt(np.square(values).mean()))


def hand(frames: int, seed: int = 0) -> Array:
    """Turns of a camera held in the hand: it drifts by some degrees and trembles."""
    rng = np.random.default_rng(seed)
    angles = np.zeros((frames, 3))
    for sigma_deg, width in ((1.5, 30), (0.3, 2.5)):
        noise = rng.normal(size=(frames + 400, 3))
        kernel = np.exp(-0.5 * (np.arange(-200, 201) / width) ** 2)
        smooth = np.stack([np.convolve(noise[:, k], kernel, "same") for k in range(3)], 1)[200:-200]
        angles += np.radians(sigma_deg) * smooth / smooth.std(0)
    return yaw_pitch_roll(*angles.T)


def times(frames: int) -> Array:
    return np.arange(frames) / RATE_HZ


def with_signs(i: int, picture: Picture) -> Picture:
    """Black bars, a time code and a station's sign."""
    out = picture.copy()
    out[:30] = out[-30:] = 0
    cv2.putText(out, f"00:{i:04d}", (20, 230), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255,) * 3, 2)
    cv2.putText(out, "LIVE SPORT", (300, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,) * 3, 2)
    return out


def with_exposure(i: int, picture: Picture) -> Picture:
    return np.clip(picture * (1 + 0.4 * np.sin(i / 10)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("person", [0.0, 0.3], ids=["nobody", "somebody swings before it"])
def test_a_still_camera_is_still(person: float) -> None:
    frames = 100  # longer than the first second, after which it is looked at now and then only
    motion = followed(Panorama(1, person=person), times(frames), np.tile(np.eye(3), (frames, 1, 1)))
    assert motion.kind == "still"
    assert motion.warnings == ()
    assert np.array_equal(motion.R_camera_reference, np.tile(np.eye(3), (frames, 1, 1)))


@pytest.mark.parametrize(
    ("over", "person", "most_deg"),
    [
        (lambda _, p: p, 0.25, 0.05),
        (with_signs, 0.25, 0.06),
        (with_exposure, 0.25, 0.06),
        (lambda _, p: p, 0.85, 0.15),
    ],
    ids=["plain", "signs over it", "exposure changes", "person fills the picture"],
)
def test_a_camera_in_the_hand_is_followed(
    over: Callable[[int, Picture], Picture], person: float, most_deg: float
) -> None:
    time, R = times(75), hand(75)
    motion = followed(Panorama(2, person=person), time, R, over=over)
    assert motion.kind == "turning"
    assert rms(wrong_deg(motion, R)) < most_deg
    assert np.abs(motion.zoom - 1).max() < 0.005
    assert motion.sigma_rad.max() < np.radians(1.0)


def test_a_pan_comes_home_and_tells_the_lens() -> None:
    frames = 240
    time = times(frames)
    yaw = np.radians(35) * (1 - np.cos(2 * np.pi * time / time[-1]))
    R = yaw_pitch_roll(yaw, np.full(frames, 0.05), 0 * yaw)
    motion = followed(Panorama(3), time, R, focal_px=460.0)
    assert motion.focal_log_sigma is not None
    assert motion.focal_px == pytest.approx(390.0, rel=0.03)
    wrong = wrong_deg(motion, R)
    assert np.abs(wrong[-1] - wrong[0]).max() < 0.1
    assert rms(wrong) < 0.5


def test_a_zoom_is_measured() -> None:
    time, zoom = times(90), 1 + 0.4 * np.linspace(0, 1, 90) ** 2
    motion = followed(Panorama(4), time, hand(90, 1), zoom)
    assert any("taken for a zoom" in text for text in motion.warnings)
    ratio = motion.zoom / zoom
    assert rms(ratio / np.median(ratio) - 1) < 0.005


def test_a_camera_that_starts_to_pan_after_a_while_is_caught_at_once() -> None:
    time = times(120)
    yaw = np.radians(15) * np.clip(time - 2.0, 0, 1)
    R = yaw_pitch_roll(yaw, 0 * yaw, 0 * yaw)
    motion = followed(Panorama(5), time, R)
    assert np.abs(wrong_deg(motion, R)).max() < 0.15


def test_a_plain_wall_tells_nothing_and_that_is_told() -> None:
    panorama = Panorama(6, person=0.0)
    panorama.texture[:] = 180
    motion = followed(panorama, times(40), hand(40))
    assert motion.kind == "still"
    assert any("too little" in text for text in motion.warnings)
    assert followed(panorama, times(40), hand(40), choice="still").warnings == ()


def test_a_lost_background_is_unsure() -> None:
    def dark(i: int, picture: Picture) -> Picture:
        return np.full_like(picture, 60) if 40 <= i < 70 else picture

    time, R = times(100), hand(100)
    motion = followed(Panorama(7, person=0.0), time, R, over=dark)
    assert np.degrees(motion.sigma_rad[55].max()) > 1.0 > np.degrees(motion.sigma_rad[20].max())
    assert any("too little" in text for text in motion.warnings)


@pytest.mark.parametrize("frames", [90, 93, 95])
def test_the_last_frames_are_as_sure_as_the_others(frames: int) -> None:
    time = times(frames)
    yaw = np.radians(3) * np.clip(time, 0, 1)  # and then the camera stands still, and is looked at less often
    motion = followed(Panorama(7), time, yaw_pitch_roll(yaw, 0 * yaw, 0 * yaw))
    assert motion.kind == "turning"
    assert motion.sigma_rad[-6:].max() < 2 * motion.sigma_rad[:-6].max()
    assert motion.warnings == ()


def test_a_background_that_is_lost_for_most_of_the_time_leaves_the_camera_still() -> None:
    def dark(i: int, picture: Picture) -> Picture:
        return np.full_like(picture, 60) if i >= 20 else picture

    motion = followed(Panorama(7, person=0.0), times(100), hand(100), over=dark)
    assert motion.kind == "still"
    assert any("taken not to turn" in text for text in motion.warnings)


def test_every_shot_has_its_own_motion() -> None:
    panorama, time, R = Panorama(8), times(80), hand(80)
    follower = CameraFollower(panorama.size)
    for i in range(80):
        if i == 40:
            follower.cut()
        picture, boxes = panorama.frame(time[i], R[i] if i < 40 else np.eye(3))
        follower.look(Frame(i, time[i], picture), boxes)
    first, second = follower.motions(time, cuts=[float(time[40])])
    assert (first.kind, second.kind) == ("turning", "still")
    assert (len(first), len(second), second.shot) == (40, 40, 1)


@pytest.mark.parametrize("choice", ["still", "turning"])
def test_the_user_has_the_last_word(choice: Choice) -> None:
    time = times(30)
    assert followed(Panorama(9), time, hand(30), choice=choice).kind == choice
    assert followed(Panorama(9), time, np.tile(np.eye(3), (30, 1, 1)), choice=choice).kind == choice


def test_a_camera_that_goes_along_is_told_from_one_that_turns() -> None:
    frames = 105
    time, room = times(frames), Room(3)
    R = hand(frames, 2)
    follower = CameraFollower(room.size, room.focal_px)
    for i in range(frames):
        grey = room.place(R[i], np.array([1.3 * time[i] - 2.0, 0.02 * np.sin(11 * time[i]), 0.0]))
        picture = np.repeat(grey[..., None], 3, -1)
        picture[60:260, 200:280] = 90 + 30 * (i % 3)
        follower.look(Frame(i, time[i], picture), np.array([[200.0, 60.0, 280.0, 260.0]]))
    (motion,) = follower.motions(time)
    assert motion.kind == "travelling"
    assert rms(wrong_deg(motion, R)) < 0.5
