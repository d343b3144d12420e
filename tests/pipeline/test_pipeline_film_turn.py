"""A film that lies on its side or head is turned where its people stand on their feet; who lies keeps lying."""

import logging

import numpy as np
import pytest

from pase.data import HALPE26, Keypoints2D
from pase.pipeline.film_turn import film_turn

PLACES = {
    "Shoulder": (20, 0),
    "Elbow": (30, 30),
    "Wrist": (32, 60),
    "Hip": (14, 70),
    "Knee": (14, 115),
    "Ankle": (14, 160),
    "BigToe": (55, 165),
}


def person(move: str, turn: int, frames: int = 40) -> Keypoints2D:
    """Somebody in a film that has to be turned clockwise by `turn` to stand upright."""
    t = np.arange(frames) / 25
    xy = np.full((frames, 26, 2), np.nan)
    for k, name in enumerate(HALPE26):
        side, joint = name[0], name[1:]
        if side in "LR" and joint in PLACES:
            x, y = PLACES[joint]
            xy[:, k] = [x if side == "L" else -x, y]
            walking = 60 * t
            swing = 25 * np.sin(2 * np.pi * t + (0 if side == "L" else np.pi))
            if move == "sit" and joint in ("Knee", "Ankle"):
                xy[:, k] += [45, -40]
            if move == "walk":
                xy[:, k, 0] += walking + (swing if joint == "Wrist" else 0)
                if joint == "Ankle":  # each foot stands for half of the time
                    stand = np.floor(t + (0 if side == "L" else 0.5))
                    xy[:, k, 0] = x + 60 * np.maximum(stand, t + 0.25 if side == "L" else stand)
            elif move == "squat" and joint not in ("Ankle", "Knee"):
                xy[:, k, 1] += 20 * (1 - np.cos(2 * np.pi * t))
            elif move == "kick" and joint in ("Ankle", "Knee"):
                xy[:, k, 0] += 20 * np.sin(2 * np.pi * t)
            elif move == "twist":  # sits leaning back, legs up, hands from side to side; +x down
                xy[:, k] = {
                    "Shoulder": [-40, -57], "Elbow": [-10, -60], "Wrist": [-15, -40], "Hip": [0, 0],
                    "Knee": [-20, 40], "Ankle": [-38, 82], "BigToe": [-60, 85],
                }[joint]  # fmt: skip
                sway = {"Shoulder": 6.0, "Elbow": 20.0, "Wrist": 30.0}.get(joint, 0.0)
                xy[:, k, 0] += sway * np.sin(2 * np.pi * t)
            elif move == "crunch":  # on the back, the feet planted beside the seat; +x down
                xy[:, k] = {
                    "Shoulder": [0, -60], "Elbow": [-25, -40], "Wrist": [-20, -70], "Hip": [0, 40],
                    "Knee": [-95, 30], "Ankle": [-35, 85], "BigToe": [-30, 105],
                }[joint]  # fmt: skip
                sway = {"Shoulder": 10.0, "Elbow": 20.0, "Wrist": 20.0, "Hip": 2.0}.get(joint, 0.0)
                xy[:, k, 0] -= sway * (1 - np.cos(2 * np.pi * t))
            elif move == "plank":  # seen from the side, arms straight below the shoulders, +x down
                xy[:, k] = {"Elbow": [50, 0], "Wrist": [70, 0]}.get(joint, [x, y])
            elif move == "on all fours":  # the camera held by hand; +x down
                xy[:, k] = {"Elbow": [50, 0], "Wrist": [80, 0], "Knee": [60, 75], "Ankle": [55, 120]}.get(
                    joint, [x, y]
                )
                xy[:, k] += 12 * np.stack([np.sin(9 * t), np.cos(7 * t)], -1)
            elif move == "handstand" and joint != "Wrist":
                xy[:, k, 0] += 8 * np.sin(2 * np.pi * t) * (PLACES["Wrist"][1] + 40 + y) / 100
            elif move == "push-up" and joint != "Ankle":  # about the feet, +x down in the picture
                xy[:, k, 0] = x + (160 - y) * 0.1 * np.sin(2 * np.pi * t)
                if joint == "Wrist":  # cut off by the picture's edge: the detector's guess wanders
                    xy[:, k] = np.stack([70 + 15 * np.sin(7 * t), 10 + 15 * np.cos(9 * t)], -1)
    x, y = xy[..., 0].copy(), xy[..., 1].copy()
    turned = {0: (x, y), 90: (y, -x), 180: (-x, -y), 270: (-y, x)}[turn]
    return Keypoints2D(np.stack(turned, -1) + 400, np.full((frames, 26), 0.9), t, (800, 800))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("move", ["walk", "squat"])
def test_who_stands_on_the_feet_tells_the_turn(
    move: str, turn: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert film_turn(person(move, turn)) == turn
    assert ("it was turned" in caplog.text) == (turn != 0)


@pytest.mark.parametrize(
    ("move", "turn"),
    [
        ("kick", 90),
        ("kick", 270),
        ("handstand", 180),
        ("still", 90),
        ("push-up", 270),
        ("twist", 270),
        ("crunch", 270),
        ("sit", 90),
        ("sit", 180),
    ],
)
def test_who_lies_or_stands_on_the_hands_is_asked_about(
    move: str, turn: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert film_turn(person(move, turn)) == 0
    assert f"give --rotate {turn}" in caplog.text


def test_who_is_on_hands_and_toes_is_not_asked_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert film_turn(person("plank", 270)) == 0
    assert caplog.text == ""
    lost = person("plank", 270)
    lost.xy[::4, [HALPE26.index(side + joint) for side in "LR" for joint in ("Elbow", "Wrist")]] = np.nan
    assert film_turn(lost) == 0  # never seen for five frames in a row: nobody knows whether they rest
    assert "give --rotate 270" in caplog.text


def test_who_is_on_hands_and_knees_is_not_asked_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert film_turn(person("on all fours", 270)) == 0
    assert caplog.text == ""


def test_who_sits_upright_is_not_asked_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert film_turn(person("sit", 0)) == 0
    assert caplog.text == ""


def test_who_rolls_over_or_is_hardly_seen_says_nothing() -> None:
    up, down = person("squat", 0), person("squat", 180)
    mixed = np.where((np.arange(40) < 20)[:, None, None], up.xy, down.xy)
    assert film_turn(Keypoints2D(mixed, up.score, up.time, up.image_size)) == 0
    assert film_turn(person("squat", 180, frames=5)) == 0
