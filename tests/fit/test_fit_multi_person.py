"""Several persons before one camera: one floor, one world, and the size that the floor tells."""

import itertools

import numpy as np
import pytest
from fit_scenes import FOCAL, LENS, filmed, squatting, standing

from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import PersonFacts
from pase.data import Keypoints2D, Motion
from pase.fit.inputs import PersonInput
from pase.fit.multi_person import estimate_motions
from pase.fit.problem import PersonModel, State
from pase.parallel import Helpers

CAMERA = (0.12, 0.0, 1.6)
PLACES = ((-0.8, -4.0), (1.6, -6.5), (-0.2, -8.0), (1.2, -5.0), (-2.0, -6.0))
STATURES = (1.75, 1.62, 1.15, 1.8, 1.7)
TURNS = (0.6, -1.2, 2.0, 3.0, -0.3)


def person(
    model: PersonModel, place: tuple[float, float], stature: float, turn: float, over_m: float = 0.0
) -> Keypoints2D:
    """Somebody of average proportions for the height, standing at x, z on the floor or above it, in a photo."""
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = model.proportions.prior(height_m=stature).mean
    shared[model.layout.camera] = [*CAMERA, np.log(FOCAL)]
    q = standing(model, turn)[None]
    names = model.skeleton.coordinate_index
    q[:, names("pelvis_tx")], q[:, names("pelvis_tz")] = place
    soles = model.positions(State(q, shared))[:, len(model.points) :, 1]
    q[:, names("pelvis_ty")] += over_m - soles.min()
    return filmed(model, q, np.zeros(1), shared, noise_px=0.5)


@pytest.fixture(scope="module")
def motions(model: PersonModel) -> list[Motion]:
    """An adult of known height, other adults, and a child."""
    people = [
        PersonInput(
            person(model, place, stature, turn), facts=PersonFacts(STATURES[0] if turn == 0.6 else None)
        )
        for place, stature, turn in zip(PLACES, STATURES, TURNS, strict=True)
    ]
    motions = estimate_motions(people, LENS)
    assert all(motion is not None for motion in motions)
    return [motion for motion in motions if motion is not None]


def test_there_is_one_camera(motions: list[Motion]) -> None:
    first = motions[0].camera
    assert first is not None
    for motion in motions[1:]:
        assert motion.camera is not None
        assert motion.camera.focal_length_px == first.focal_length_px
        np.testing.assert_array_equal(motion.camera.rotation, first.rotation)
        np.testing.assert_array_equal(motion.camera.translation, first.translation)


def test_all_feet_are_on_one_floor(motions: list[Motion]) -> None:
    for motion in motions:
        lowest = Kinematics(motion.skeleton).positions(motion.q)[0, :, 1].min()
        assert abs(lowest) < 0.08


def test_the_floor_tells_everybody_s_height(motions: list[Motion]) -> None:
    statures = [motion.diagnostics.stature_m for motion in motions]
    assert statures[0] == pytest.approx(STATURES[0], abs=0.01)
    assert statures[1:] == pytest.approx(STATURES[1:], rel=0.08)


def test_who_is_unusually_small_or_tall_is_told_so(model: PersonModel, motions: list[Motion]) -> None:
    assert [any("a child, or" in w for w in m.warnings) for m in motions] == [s < 1.4 for s in STATURES]
    for stature in (2.0, 2.12):
        people = [
            PersonInput(person(model, PLACES[0], 1.75, 0.6), facts=PersonFacts(1.75)),
            PersonInput(person(model, PLACES[3], stature, 3.0)),
        ]
        tall = estimate_motions(people, LENS)[1]
        assert tall is not None and (tall.diagnostics.stature_m or 0.0) > 1.98, tall.warnings
        assert any(": very tall, or" in sentence for sentence in tall.warnings)


def test_they_stand_where_they_stood(motions: list[Motion]) -> None:
    names = motions[0].skeleton.coordinate_index
    places = [motion.q[0, [names("pelvis_tx"), names("pelvis_tz")]] for motion in motions]
    for first, second in itertools.combinations(range(len(PLACES)), 2):
        true = np.linalg.norm(np.subtract(PLACES[first], PLACES[second]))
        assert np.linalg.norm(places[first] - places[second]) == pytest.approx(true, rel=0.25)


def test_only_the_first_is_asked_for_the_height(motions: list[Motion]) -> None:
    assert not any("--height" in sentence for motion in motions for sentence in motion.warnings)


def test_who_stands_on_a_wall_keeps_a_human_size(model: PersonModel) -> None:
    people = [
        PersonInput(person(model, PLACES[0], 1.75, 0.6), facts=PersonFacts(1.75)),
        PersonInput(person(model, PLACES[1], 1.7, -1.2, over_m=1.3)),
    ]
    first, second = estimate_motions(people, LENS)
    assert first is not None and second is not None
    assert 1.6 < (second.diagnostics.stature_m or 0.0) < 1.8
    assert any("of person 1" in sentence for sentence in second.warnings)
    lowest = Kinematics(second.skeleton).positions(second.q)[0, :, 1].min()
    assert lowest > 0.7


def test_one_person_is_estimated_as_alone(model: PersonModel) -> None:
    from pase.fit.estimate import estimate_motion

    keypoints = person(model, PLACES[0], 1.75, 0.6)
    (together,) = estimate_motions([PersonInput(keypoints, facts=PersonFacts(1.75))], LENS)
    alone = estimate_motion(PersonInput(keypoints, facts=PersonFacts(1.75)), lens=LENS)
    assert together is not None and alone is not None
    np.testing.assert_array_equal(together.q, alone.q)


def test_nobody_gives_nothing(model: PersonModel) -> None:
    unseen = person(model, PLACES[0], 1.75, 0.6)
    empty = Keypoints2D(
        np.full_like(unseen.xy, np.nan), np.zeros_like(unseen.score), unseen.time, (1280, 720)
    )
    assert estimate_motions([]) == []
    motions = estimate_motions([PersonInput(empty), PersonInput(unseen)], LENS)
    assert motions[0] is None and motions[1] is not None


@pytest.mark.parametrize("count", [3, 1])
def test_processes_change_no_bit(model: PersonModel, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Persons are shared; of one person the windows, and the starts from an aslant camera."""
    if count == 1:  # of several persons the processes themselves make the windows
        monkeypatch.setattr("pase.fit.schedule.WINDOW_FRAMES", 6)
        monkeypatch.setattr("pase.fit.schedule.OVERLAP_FRAMES", 2)
    time, q = squatting(model, frames=12)
    shared = np.zeros(model.layout.count)
    shared[model.layout.camera] = [0.12, 0.6 if count == 1 else 0.0, 1.6, np.log(FOCAL)]
    moving = [filmed(model, q, time, shared, noise_px=noise) for noise in (0.5, 1.0, 2.0)[:count]]
    people = [
        PersonInput(keypoints, facts=PersonFacts(1.75 if number == 0 else None))
        for number, keypoints in enumerate(moving)
    ]
    in_turn = estimate_motions(people, LENS)
    shares: list[float] = []
    with Helpers(1) as helpers:
        helped = estimate_motions(people, LENS, progress=shares.append, helpers=helpers)
    for alone, with_help in zip(in_turn, helped, strict=True):
        assert alone is not None and with_help is not None
        np.testing.assert_array_equal(alone.q, with_help.q)
        np.testing.assert_array_equal(alone.q_std, with_help.q_std)
        assert (alone.diagnostics.solver.windows > 1) == (count == 1)
        assert alone.diagnostics == with_help.diagnostics and alone.warnings == with_help.warnings
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
