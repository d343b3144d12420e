"""Whether a film lies on its side or stands on its head, judged by the people in it."""

import logging

import numpy as np

from pase.data import HALPE26, Keypoints2D
from pase.types import Array

log = logging.getLogger(__name__)

_MOST_FRAMES_S, _FEWEST_FRAMES = 0.9, 10
"""Share of the frames in which the body points the same wrong way, and least number of them."""
_CONE_DEG = 40.0
"""How far head over hips, and hips or knees over feet, may be from that way."""
_PLANTED = 0.6
"""Speed of the slower foot over that of the slower hand below which somebody stands on the feet."""
_FOLDED_DEG = 45.0
"""Usual angle between trunk and legs from which somebody sits or bends over."""
_DRAWN_UP_DEG = 60.0
"""Bend of the straighter knee in the picture; who stands on the feet and moves does not keep both so far bent."""
_MOVING = 0.05
"""Body lengths a second from which the trunk moves at all."""

_ON_HANDS = 0.1
"""Body lengths by which the hands are the lowest in the picture from which they may carry the body."""

_PROPPED, _LEVEL = 0.12, 0.15
"""Body lengths by which the elbows of who is on hands and toes are lower than the shoulders, and by which the lowest
of the arms and the toes may differ in height."""
_UPRIGHT_ARM = 0.2
"""Body lengths by which the elbow is lower than the shoulder where the upper arm, 0.24 long, stands nearly upright
below a trunk that lies."""

_TURNS = {"up": 0, "left": 90, "down": 180, "right": 270}
"""Degrees clockwise that bring a head which points that way in the picture up."""
_WAYS = {"up": (0.0, -1.0), "left": (-1.0, 0.0), "down": (0.0, 1.0), "right": (1.0, 0.0)}


def film_turn(person: Keypoints2D) -> int:
    """Degrees clockwise by which a film has to be turned for its main person to stand; 0 where that is not sure.

    A body that points the same wrong way in nearly all frames may lie, hang or stand on the hands: then the hands,
    or nothing, keep their place while the trunk moves. The feet of somebody who walks, squats or works do keep
    their place, but so do those of somebody who does push-ups, over hands that are the lowest in the picture, or
    crunches, over feet whose knees are bent all the time. Who sits has trunk and shanks that way, or trunk and legs
    far from one line. Where it is not sure, as then, a warning asks for `--rotate`; not where hands or elbows prop
    the body up, or arms stand below a trunk that lies.
    """
    way = _way(person, "Hip")
    sits = way is None or _is_folded(person)
    way = way or _way(person, "Knee")
    if way is None or way == "up":
        return 0
    turn = _TURNS[way]
    if _on_hands_and_toes(person) or (_may_be_on_hands(person) and _arms_stand(person)):
        return 0
    direction = "upside down" if way == "down" else "on the side"
    if sits or _may_be_on_hands(person) or _legs_drawn_up(person) or not _stands_on_feet(person):
        log.warning(
            "the person is %s in nearly all frames: right for somebody who %s; if the film's rotation was lost, give "
            "--rotate %d", direction, "hangs or stands on the hands" if way == "down" else "lies", turn,
        )  # fmt: skip
        return 0
    log.warning(
        "the film lies %s by the people in it: it was turned by %d degrees clockwise; --rotate 0 leaves it as it is",
        "on its head" if way == "down" else "on its side", turn,
    )  # fmt: skip
    return turn


def _point(person: Keypoints2D, *names: str) -> Array:
    """(T, 2) middle of some points."""
    return np.asarray(person.xy[:, [HALPE26.index(name) for name in names]].mean(axis=1))


def _way(person: Keypoints2D, above_feet: str) -> str | None:
    """Where trunk and legs from feet to hips, or knees, point in nearly all frames; None where no way is sure."""
    shoulders, hips = _point(person, "LShoulder", "RShoulder"), _point(person, "LHip", "RHip")
    ankles = _point(person, "LAnkle", "RAnkle")
    trunk, legs = shoulders - hips, _point(person, f"L{above_feet}", f"R{above_feet}") - ankles
    visible = np.isfinite(trunk).all(axis=1) & np.isfinite(legs).all(axis=1)
    if visible.sum() < _FEWEST_FRAMES:
        return None
    lengths = [np.linalg.norm(v[visible], axis=1, keepdims=True) for v in (trunk, legs)]
    units = [v[visible] / np.maximum(n, 1e-9) for v, n in zip((trunk, legs), lengths, strict=True)]
    for way, direction in _WAYS.items():
        along = [u @ np.array(direction) > np.cos(np.radians(_CONE_DEG)) for u in units]
        if np.mean(along[0] & along[1]) >= _MOST_FRAMES_S:
            return way
    return None


def _is_folded(person: Keypoints2D) -> bool:
    """Whether trunk and legs are far from one line most of the time, as in who sits with the legs up."""
    shoulders, hips = _point(person, "LShoulder", "RShoulder"), _point(person, "LHip", "RHip")
    trunk, legs = shoulders - hips, hips - _point(person, "LAnkle", "RAnkle")
    lengths = np.linalg.norm(trunk, axis=1) * np.linalg.norm(legs, axis=1)
    straightness = np.sum(trunk * legs, axis=1) / np.maximum(1e-9, lengths)
    seen = straightness[np.isfinite(straightness)]
    return bool(seen.size and np.median(seen) < np.cos(np.radians(_FOLDED_DEG)))


def _legs_drawn_up(person: Keypoints2D) -> bool:
    """Whether both knees stay bent, as those of somebody who does crunches on the floor."""
    bends = []
    for side in "LR":
        hip, knee, ankle = (_point(person, side + name) for name in ("Hip", "Knee", "Ankle"))
        lengths = np.linalg.norm(hip - knee, axis=1) * np.linalg.norm(knee - ankle, axis=1)
        straightness = np.sum((hip - knee) * (knee - ankle), axis=1) / np.maximum(1e-9, lengths)
        bends.append(np.degrees(np.arccos(np.clip(straightness, -1, 1))))
    straighter = np.fmin(*bends)
    straighter = straighter[np.isfinite(straighter)]
    return bool(straighter.size and np.quantile(straighter, 1 - _MOST_FRAMES_S) > _DRAWN_UP_DEG)


def _stands_on_feet(person: Keypoints2D) -> bool:
    """Whether, while the trunk moves, one foot at least keeps its place better than both hands."""
    if len(person) < _FEWEST_FRAMES:
        return False
    scale = float(np.nanmedian(_length(person)) * np.median(np.diff(person.time)))

    def speed(*names: str) -> Array:
        return _steps(_point(person, *names)) / scale

    trunk = speed("LShoulder", "RShoulder", "LHip", "RHip")
    feet = np.fmin(speed("LAnkle"), speed("RAnkle"))
    hands = np.fmin(speed("LWrist"), speed("RWrist"))
    moving = np.isfinite(trunk) & np.isfinite(feet) & np.isfinite(hands) & (trunk > _MOVING)
    if moving.sum() < _FEWEST_FRAMES:
        return False
    return bool(np.median(feet[moving]) < _PLANTED * np.median(hands[moving]))


def _may_be_on_hands(person: Keypoints2D) -> bool:
    """Whether the hands are lower in the picture than the trunk, as in push-ups, planks and handstands."""
    trunk = [_point(person, side + name)[:, 1] for side in "LR" for name in ("Shoulder", "Hip")]
    hands = np.fmin(_point(person, "LWrist")[:, 1], _point(person, "RWrist")[:, 1])
    return _usually_below(person, hands, np.maximum.reduce(trunk), _ON_HANDS)


def _arms_stand(person: Keypoints2D) -> bool:
    """Whether an upper arm points straight down most of the time, as on hands and knees.

    In a film on its side it would be held straight forward all the time.
    """
    shoulders = np.fmax(_point(person, "LShoulder")[:, 1], _point(person, "RShoulder")[:, 1])
    elbows = np.fmax(_point(person, "LElbow")[:, 1], _point(person, "RElbow")[:, 1])
    return _usually_below(person, elbows, shoulders, _UPRIGHT_ARM)


def _usually_below(person: Keypoints2D, low: Array, high: Array, lengths: float) -> bool:
    """Whether points at rows (T,) of the picture lie below others by more body lengths, by the median."""
    below = (low - high) / _length(person)
    below = below[np.isfinite(below)]
    return bool(below.size and np.median(below) > lengths)


def _on_hands_and_toes(person: Keypoints2D) -> bool:
    """Whether an arm props the body up over toes that are level with it, as in push-ups and planks.

    In a film on its side this would be an arm held out from the body, no farther than the toes, and kept still.
    """
    scale = _length(person)
    ends = [_point(person, side + name) for side in "LR" for name in ("Elbow", "Wrist")]
    lowest = np.fmax.reduce([end[:, 1] for end in ends])
    toes = np.fmax(_point(person, "LBigToe")[:, 1], _point(person, "RBigToe")[:, 1])
    shoulders = np.fmax(_point(person, "LShoulder")[:, 1], _point(person, "RShoulder")[:, 1])
    elbows = np.fmax(ends[0][:, 1], ends[2][:, 1]) - shoulders
    steps = [_steps(end) for end in ends]
    usable = np.isfinite(scale) & np.isfinite(lowest) & np.isfinite(toes) & np.isfinite(elbows)
    if usable.sum() < _FEWEST_FRAMES:
        return False
    per_second = np.median(scale[usable]) * np.median(np.diff(person.time))
    propped = np.median((elbows / scale)[usable]) > _PROPPED
    level = abs(np.median(((lowest - toes) / scale)[usable])) < _LEVEL
    speeds = [float(np.nanmedian(step)) for step in steps if np.isfinite(step).any()]
    still = min(speeds, default=np.inf) < _MOVING * per_second
    return bool(propped and level and still)


def _length(person: Keypoints2D) -> Array:
    """(T,) from the ankles to the shoulders, pixels."""
    length = _point(person, "LShoulder", "RShoulder") - _point(person, "LAnkle", "RAnkle")
    return np.asarray(np.linalg.norm(length, axis=1))


def _steps(xy: Array) -> Array:
    """How far a point (T, 2) moves from frame to frame, without the detector's jitter."""
    return np.asarray(np.linalg.norm(np.diff(_smooth(xy), axis=0), axis=1))


def _smooth(xy: Array, width: int = 5) -> Array:
    """Moving mean (T, 2), against the detector's jitter."""
    kernel = np.ones(min(width, len(xy))) / min(width, len(xy))
    return np.stack([np.convolve(column, kernel, mode="valid") for column in xy.T], axis=1)
