"""Exchanged sides and stray points are found and set right; good keypoints are left alone."""

import dataclasses

import numpy as np
import pytest
from fit_scenes import FOCAL, filmed, squatting

from pase.data import HALPE26, Keypoints2D
from pase.fit.left_right_swaps import LIMBS, repair_keypoints
from pase.fit.problem import PersonModel
from pase.pose2d.between import fill_between


def walking(model: PersonModel, frames: int = 60) -> Keypoints2D:
    """Somebody seen from the side whose legs pass one another, with two pixels of noise."""
    time, q = squatting(model, frames, rate=30.0, turn=0.0)
    names = model.skeleton.coordinate_index
    swing = 25 * np.sin(2 * np.pi * 0.9 * time)
    q[:, [names("hip_flexion_r"), names("hip_flexion_l")]] = np.radians(np.stack([10 + swing, 10 - swing], 1))
    q[:, [names("knee_angle_r"), names("knee_angle_l")]] = np.radians(15)
    q[:, [names("arm_elevation_r"), names("arm_elevation_l")]] = np.radians(np.stack([-swing, swing], 1))
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.0, 0.0, 1.0, np.log(FOCAL)]
    return filmed(model, q, time, shared, noise_px=2.0)


def exchanged(keypoints: Keypoints2D, frames: slice, limb: str) -> Keypoints2D:
    """The same with left and right of a limb exchanged in some frames."""
    xy = keypoints.xy.copy()
    for joint in LIMBS[limb]:
        left, right = HALPE26.index(f"L{joint}"), HALPE26.index(f"R{joint}")
        xy[frames, left], xy[frames, right] = keypoints.xy[frames, right], keypoints.xy[frames, left]
    return dataclasses.replace(keypoints, xy=xy)


def test_good_keypoints_are_left_alone(model: PersonModel) -> None:
    """Legs that pass one another are no exchange."""
    keypoints = walking(model)
    done = repair_keypoints(keypoints)
    np.testing.assert_array_equal(done.keypoints.xy, keypoints.xy)
    assert done.notes == []


@pytest.mark.parametrize("limb", ["legs", "arms"])
@pytest.mark.parametrize("frames", [slice(20, 21), slice(10, 18), slice(54, 60), slice(0, 5)])
def test_exchanges_are_mended(model: PersonModel, limb: str, frames: slice) -> None:
    """A frame, a stretch, at the end and at the start."""
    keypoints = walking(model)
    done = repair_keypoints(exchanged(keypoints, frames, limb))
    wrong = np.abs(done.keypoints.xy - keypoints.xy).max(axis=(1, 2)) > 30
    assert wrong.sum() <= 1
    assert done.exchanged[limb][frames].any()
    assert any(limb in note for note in done.notes)


def test_legs_exchanged_in_some_looks_are_not_drawn_midway_between_them(model: PersonModel) -> None:
    """Frames between the looks are placed anew, from looks with the sides set right."""
    keypoints = walking(model)
    measured = np.arange(len(keypoints)) % 2 == 0
    of_looks = exchanged(keypoints, slice(20, 25), "legs")
    xy, score, sigma = of_looks.xy.copy(), of_looks.score.copy(), np.ones_like(of_looks.xy)
    xy[~measured] = np.nan
    fill_between(xy, sigma, score, keypoints.time, ~measured)
    assert np.abs(xy - keypoints.xy)[19:26].max() > 30
    filmed = dataclasses.replace(keypoints, xy=xy, score=score, sigma=sigma, measured=measured)
    done = repair_keypoints(filmed)
    assert np.abs(done.keypoints.xy - keypoints.xy)[1:-1].max() < 15
    np.testing.assert_array_equal(np.flatnonzero(done.exchanged["legs"]), [20, 22, 24])


def test_legs_below_the_picture_are_not_exchanged(model: PersonModel) -> None:
    """What a detector draws of them, on the last row of its crop, says nothing about sides."""
    keypoints = exchanged(walking(model), slice(20, 24), "legs")
    legs = [HALPE26.index(side + joint) for side in "LR" for joint in LIMBS["legs"]]
    xy, score = keypoints.xy.copy(), keypoints.score.copy()
    score[:, legs] = 0.4
    bottom = float(xy[:, legs, 1].max())
    for y in (bottom, bottom + 2.0 * keypoints.image_size[1]):
        xy[:, legs, 1] = y
        unseen = dataclasses.replace(keypoints, xy=xy, score=score)
        assert repair_keypoints(unseen).notes == []
        np.testing.assert_array_equal(repair_keypoints(unseen).keypoints.xy, xy)


def test_stray_points_are_taken_out(model: PersonModel) -> None:
    """A wrist that jumps away for one frame is not used, its neighbours are."""
    keypoints = walking(model)
    xy = keypoints.xy.copy()
    wrist = HALPE26.index("RWrist")
    xy[30, wrist] += [150, -90]
    done = repair_keypoints(dataclasses.replace(keypoints, xy=xy))
    assert np.isnan(done.keypoints.xy[30, wrist]).all() and done.keypoints.score[30, wrist] == 0
    assert done.stray.sum() == 1
    assert np.isfinite(done.keypoints.xy[[29, 31], wrist]).all()


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_short_recordings_pass(model: PersonModel, frames: int) -> None:
    """Too short to see a jump: nothing is changed."""
    keypoints = walking(model).slice(slice(0, frames))
    np.testing.assert_array_equal(repair_keypoints(keypoints).keypoints.xy, keypoints.xy)
