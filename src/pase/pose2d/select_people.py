"""Select who gets a skeleton: everybody, the main person, or a named person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pase.config import Pose2DSettings
from pase.data import Keypoints2D
from pase.errors import InputError
from pase.keypoint_sets import SURE_SCORE
from pase.pose2d.left_out import LeftOut
from pase.pose2d.tracking.prominence import boxes_of, frame_seconds, prominence, sizes_of
from pase.pose2d.tracking.similarity import centre_of, outside
from pase.types import Array

FEWEST_POINTS = 8
"""Least number of keypoints in one frame, at some time, for a skeleton."""

LEAST_CLEAR = 0.3
"""Least mean score of the keypoints, those outside the picture counted as 0, of others than the main person."""

_MARGIN = 0.15
"""A pixel up to this far outside a person's keypoints, in body sizes, still means that person (hair, clothes)."""


@dataclass(frozen=True)
class Choice:
    """The persons who get a skeleton, and those who do not."""

    people: list[Keypoints2D]
    """The main person, or the one who was named, first; numbered from 1."""
    left_out: list[LeftOut]
    others: list[Keypoints2D]
    """Keypoints of those who are left out."""
    why_main: str = ""
    """Reason why the first of them is the main person."""


def select_people(
    people: Sequence[Keypoints2D], settings: Pose2DSettings, time: Array | None = None
) -> Choice:
    """Choose the persons who get a skeleton.

    Parameters
    ----------
    settings
        `person` says who is wanted; of everybody those are left out who are seen too shortly, are too small,
        show too little, or are one too many.
    time
        (T,) seconds of every frame of the recording, which the selected persons then cover; those of the
        longest track when None.

    Raises
    ------
    InputError
        When `person` names a number or a place where there is nobody.
    """
    if time is None:
        time = max((person.time for person in people), key=len, default=np.zeros(0))
    step_s = frame_seconds(time)
    people, default_reason = sorted(people, key=lambda person: -prominence(person, step_s)), ""
    reasons = _reasons(people, settings, time)
    eligible = [person for person, why in zip(people, reasons, strict=True) if why is None]
    why_main = _why_main(eligible, time) if eligible else ""
    if settings.person == "all":
        selection = eligible
    elif settings.person == "main":
        selection, default_reason = eligible[:1], "not the main person"
    elif settings.pixel is not None:
        selection = [_at(people, np.array(settings.pixel), time)]
    else:
        selection = [_by_number(eligible, int(settings.person))]
    if settings.person not in ("all", "main"):
        why_main = f"named by --person {settings.person}"
        default_reason = f"not the person {why_main}"
    others = [
        (person, why or default_reason)
        for person, why in zip(people, reasons, strict=True)
        if not any(person is selected for selected in selection)
    ]
    left_out = [_left_out(person, why) for person, why in others]
    numbered = [replace(person.over(time), track_id=number) for number, person in enumerate(selection, 1)]
    return Choice(numbered, left_out, [person for person, _ in others], why_main)


def _reasons(people: Sequence[Keypoints2D], settings: Pose2DSettings, time: Array) -> list[str | None]:
    """Why each person gets no skeleton when everybody's is wanted; None for those who do."""
    reasons: list[str | None] = []
    for number, person in enumerate(people):
        why = _too_little(person, settings, time, main=number == 0)
        if why is None and reasons.count(None) >= settings.most_persons:
            why = f"not among the {settings.most_persons} most prominent persons"
        reasons.append(why)
    return reasons


def _too_little(person: Keypoints2D, settings: Pose2DSettings, time: Array, *, main: bool) -> str | None:
    """Why a person gets no skeleton; None for one who does."""
    count = int(((person.score >= SURE_SCORE) & np.isfinite(person.xy).all(-1)).sum(1).max())
    if count < FEWEST_POINTS:
        return f"shows too little: {count} keypoints at once of the {FEWEST_POINTS} that are needed"
    if main:
        return None
    clear = float(np.nanpercentile(person.score[person.seen].mean(1), 90))
    if clear < LEAST_CLEAR:
        return (
            f"too unclear: mean score of the keypoints {clear:.2f} of the {LEAST_CLEAR:.2f} that are needed"
        )
    step = frame_seconds(time)
    seconds, recording_s = float(person.seen.sum()) * step, len(time) * step
    needed = min(settings.least_seconds, 0.5 * recording_s)
    if seconds < needed:
        return f"seen too shortly: {seconds:.2f} s of the {needed:.2f} s that are needed"
    size, least_px = _size(person), settings.least_size * max(person.image_size)
    if size < least_px:
        return f"too small: {size:.0f} px of the {least_px:.0f} px that are needed"
    return None


def _size(person: Keypoints2D) -> float:
    return float(np.nanpercentile(sizes_of(person), 90))


def _left_out(person: Keypoints2D, why: str) -> LeftOut:
    frames = np.flatnonzero(person.seen)
    x, y = _middle(person, int(frames[0]))
    first, last = float(person.time[frames[0]]), float(person.time[frames[-1]])
    return LeftOut(why, len(frames), first, last, _size(person), (x, y))


def _middle(person: Keypoints2D, frame: int) -> tuple[float, float]:
    x, y = centre_of(boxes_of(person)[frame]).tolist()
    return x, y


def _by_number(people: Sequence[Keypoints2D], number: int) -> Keypoints2D:
    if number > len(people):
        count = ("nobody", "one person")[len(people)] if len(people) < 2 else f"{len(people)} persons"
        raise InputError(f"there is no person {number}: {count} can be followed in this recording")
    return people[number - 1]


def _at(people: Sequence[Keypoints2D], pixel: Array, time: Array) -> Keypoints2D:
    """The person at a pixel of the first frame."""
    size = people[0].image_size if people else (0, 0)
    if people and (pixel >= size).any():
        raise InputError(f"the pixel {_words(pixel)} is outside the picture of {size[0]}×{size[1]}")
    in_first_frame = [
        person for person in people if len(person) and person.time[0] == time[0] and person.seen[0]
    ]
    near = [(_distance(person, pixel), number) for number, person in enumerate(in_first_frame)]
    if near and min(near)[0] <= _MARGIN:
        return in_first_frame[min(near)[1]]
    places = " and ".join(_words(np.array(_middle(person, 0))) for person in in_first_frame[:8])
    raise InputError(
        f"nobody was found at the pixel {_words(pixel)} of the first frame; "
        + (f"persons are at {places}" if places else "nobody is in that frame")
    )


def _distance(person: Keypoints2D, pixel: Array) -> float:
    """Distance of a pixel from a person in the first frame, in body sizes: 0 on the line between two keypoints."""
    size = float(sizes_of(person)[0])
    points = person.xy[0][np.isfinite(person.xy[0]).all(-1)]
    nearest = float(np.linalg.norm(points - pixel, axis=1).min())
    return max(outside(boxes_of(person)[0], pixel), 0.5 * nearest) / max(size, 1.0)


def _words(pixel: Array) -> str:
    return f"{pixel[0]:.0f},{pixel[1]:.0f}"


def _why_main(people: Sequence[Keypoints2D], time: Array) -> str:
    """One sentence on why the first person is the main one."""
    main = people[0]
    share = 100 * float(main.seen.sum()) / len(time)
    size = 100 * _size(main) / max(main.image_size)
    facts = f"seen in {share:.0f} % of the frames, {size:.0f} % of the picture's longer side"
    if len(people) == 1:
        return f"{facts}; the only one"
    rival = 100 * prominence(people[1], 1.0) / prominence(main, 1.0)
    return f"{facts}; person 2 has {rival:.0f} % of that prominence"
