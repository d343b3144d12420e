"""Sizes of one person from several recordings: evidence adds up, what was known counts once, and they are held."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from fit_scenes import FOCAL, filmed, squatting

from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.proportions import PersonFacts, load_proportions
from pase.data import HALPE26, Camera, Keypoints2D, Motion
from pase.diagnostics import FitDiagnostics
from pase.errors import InputError
from pase.fit.estimate import estimate_motion, measure_sizes
from pase.fit.evidence import Evidence, with_marginal
from pase.fit.inputs import PersonInput, Sizes
from pase.fit.problem import PersonModel, State
from pase.fit.sizes import combined_sizes, read_sizes, write_sizes
from pase.types import Array


@dataclass(frozen=True)
class Subject:
    """A person of known sizes in three recordings, each from another side."""

    height_m: float
    log_scale: Array
    recordings: list[Keypoints2D]
    evidence: list[Evidence]


@pytest.fixture(scope="module")
def subject(model: PersonModel) -> Subject:
    """Somebody from the population, whose sizes are to be found."""
    body = model.proportions
    prior = body.prior(height_m=1.75)
    log_scale = np.random.default_rng(1).multivariate_normal(prior.mean, prior.covariance)
    height = body.stature(log_scale)
    shared = np.zeros(model.layout.count)
    shared[model.layout.size] = log_scale
    shared[model.layout.camera] = [0.1, 0.0, 1.2, np.log(FOCAL)]
    recordings = []
    for turn in (0.6, -0.5, 1.5):
        time, q = squatting(model, frames=20, rate=10.0, turn=turn)
        lowest = model.positions(State(q, shared))[:, len(model.points) :, 1].min()
        q[:, model.skeleton.coordinate_index("pelvis_ty")] -= lowest
        recordings.append(filmed(model, q, time, shared, noise_px=3.0))
    evidence = [measure_sizes(PersonInput(keypoints, facts=PersonFacts(height))) for keypoints in recordings]
    return Subject(height, log_scale, recordings, [e for e in evidence if e is not None])


def test_without_evidence_the_prior_comes_out(model: PersonModel) -> None:
    sizes = combined_sizes([], PersonFacts(1.8, 80))
    prior = model.proportions.prior(height_m=1.8, mass_kg=80)
    np.testing.assert_allclose(sizes.log_scale, prior.mean, atol=1e-3)
    assert model.proportions.stature(sizes.log_scale) == pytest.approx(1.8, abs=1e-4)


def test_one_recording_alone_gives_the_sizes_of_its_own_fit(subject: Subject, model: PersonModel) -> None:
    motion = estimate_motion(PersonInput(subject.recordings[0], facts=PersonFacts(subject.height_m)))
    assert motion is not None
    fit_sizes = model.proportions.log_scale(motion.skeleton.scale, motion.skeleton.body_names)
    sizes = combined_sizes(subject.evidence[:1], PersonFacts(subject.height_m))
    np.testing.assert_allclose(sizes.log_scale, fit_sizes, atol=2e-3)


def test_together_they_are_nearer_to_the_truth_than_any_alone_and_surer(subject: Subject) -> None:
    def error(sizes: Sizes) -> float:
        return float(np.sqrt(np.mean(np.square(sizes.log_scale - subject.log_scale))))

    alone = [combined_sizes([e], PersonFacts(subject.height_m)) for e in subject.evidence]
    together = combined_sizes(subject.evidence, PersonFacts(subject.height_m))
    assert error(together) < min(error(sizes) for sizes in alone)
    assert all((np.diag(together.covariance) < np.diag(sizes.covariance)).all() for sizes in alone)


def test_the_order_of_recordings_does_not_matter(subject: Subject) -> None:
    forwards = combined_sizes(subject.evidence, PersonFacts(subject.height_m))
    back = combined_sizes(subject.evidence[::-1], PersonFacts(subject.height_m))
    np.testing.assert_allclose(forwards.log_scale, back.log_scale, atol=1e-10)


def test_evidence_is_positive_semidefinite_and_survives_json(subject: Subject) -> None:
    for evidence in subject.evidence:
        values = np.linalg.eigvalsh(evidence.information)
        assert values.min() > -1e-6 * values.max()
        again = Evidence.of(json.loads(json.dumps(evidence.content())))
        np.testing.assert_array_equal(again.information, evidence.information)
        np.testing.assert_array_equal(again.pull, evidence.pull)


def test_known_sizes_are_held_exactly_in_every_recording(subject: Subject) -> None:
    sizes = combined_sizes(subject.evidence, PersonFacts(subject.height_m))
    motions = [
        estimate_motion(PersonInput(keypoints, facts=PersonFacts(subject.height_m), sizes=sizes))
        for keypoints in subject.recordings[:2]
    ]
    first, second = (motion for motion in motions if motion is not None)
    np.testing.assert_array_equal(first.skeleton.scale, second.skeleton.scale)
    assert first.diagnostics.bones == second.diagnostics.bones
    for motion in (first, second):
        assert motion.residual is not None and np.nanmean(motion.residual) < 6.0


def test_known_sizes_replace_what_the_recording_told_of_them() -> None:
    rng = np.random.default_rng(4)
    root = rng.normal(size=(7, 7))
    covariance, size = root @ root.T + np.eye(7), slice(0, 3)
    unchanged = with_marginal(covariance, size, covariance[size, size])
    np.testing.assert_allclose(unchanged, covariance, atol=1e-9)
    sure = with_marginal(covariance, size, 1e-12 * np.eye(3))
    conditional = covariance[3:, 3:] - covariance[3:, :3] @ np.linalg.solve(
        covariance[:3, :3], covariance[:3, 3:]
    )
    np.testing.assert_allclose(sure[3:, 3:], conditional, atol=1e-9)


def test_sizes_are_read_as_they_were_written(tmp_path: Path) -> None:
    sizes = combined_sizes([], PersonFacts(1.7))
    write_sizes(sizes, tmp_path / "anna.json")
    again = read_sizes(tmp_path / "anna.json")
    np.testing.assert_array_equal(again.log_scale, sizes.log_scale)
    np.testing.assert_array_equal(again.covariance, sizes.covariance)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": ["one"]}, "another skeleton"),
        ({"log_scale": [0.0]}, "another skeleton"),
        ({"log_scale": "long"}, "no sizes"),
        ({"covariance": None}, "no sizes|another skeleton"),
    ],
)
def test_what_are_no_sizes_is_refused(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    write_sizes(combined_sizes([], PersonFacts(1.7)), path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_sizes(path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="no sizes"):
        read_sizes(path)
    with pytest.raises(InputError, match="does not exist"):
        read_sizes(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("height_m", "expected_m"), [(1.0, 1.0), (1.25, 1.25), (1.55, None), (1.69, None), (1.9, None)]
)
def test_a_child_is_told_by_its_head(height_m: float, expected_m: float | None) -> None:
    """Ears as far apart as those of somebody of the height, on a body that was taken for 1.69 m."""
    from pase.fit.childhood import ADULT_EARS, child_stature

    skeleton, frames = default_skeleton(), 12
    heights, ratios = load_proportions().child_heads()
    large = float(np.interp(height_m, heights, ratios)) if height_m < 1.5 else 1.69 / height_m
    R_camera_world = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])  # of the face
    camera = Camera(1000.0, (500.0, 500.0), R_camera_world, np.array([0.0, 1.0, 5.0]), (1000, 1000))
    q = np.tile(skeleton.standing_q, (frames, 1))
    motion = Motion(
        skeleton, q, q, np.arange(frames) / 25, camera, diagnostics=FitDiagnostics(stature_m=1.69)
    )
    head = Kinematics(skeleton, ()).pose(q[:1]).origin[:, [skeleton.body_index("head")]]
    depth = float(camera.to_camera(head)[0, 0, 2])
    xy = np.zeros((frames, 26, 2))
    xy[:, 4, 0] = large * ADULT_EARS * 1.69 * 1000 / depth
    ankles = np.isin(HALPE26, ["LAnkle", "RAnkle"])
    xy[:, ankles, 1] = 0.85 * 1.69 * 1000 / depth
    keypoints = Keypoints2D(xy, np.ones((frames, 26)), motion.time, (1000, 1000))
    child_m = child_stature(motion, keypoints)
    assert child_m == (None if expected_m is None else pytest.approx(expected_m, abs=0.02))
    bust = np.where(np.isin(keypoints.names, ["LAnkle", "RAnkle"]), 0.1, keypoints.score)
    assert child_stature(motion, replace(keypoints, score=bust)) is None, "no feet, no stature"
    behind = replace(camera, rotation=R_camera_world * [[-1], [1], [-1]])
    assert child_stature(replace(motion, camera=behind), keypoints) is None, "no face"
    turned = np.tile(q, (2, 1))
    turned[:frames, skeleton.coordinate_index("pelvis_rotation")] += np.pi
    time = np.arange(2 * frames) / 25
    seen_twice = Keypoints2D(np.tile(xy, (2, 1, 1)), np.ones((2 * frames, 26)), time, (1000, 1000))
    turning = child_stature(replace(motion, q=turned, q_std=turned, time=time), seen_twice)
    assert turning == child_m, "the face is seen after a turn"
    crouching = np.where(ankles[:, None], 0.6 * xy, xy)
    assert child_stature(motion, replace(keypoints, xy=crouching)) is None, (
        "a body that is bent has no length"
    )
    aside = np.arange(q.shape[1]) == skeleton.coordinate_index("pelvis_list")
    plank = replace(motion, q=q + np.pi / 2 * aside)
    assert child_stature(plank, keypoints) is None, "a body that lies on its side"
    photo = Keypoints2D(xy[:1], np.ones((1, 26)), motion.time[:1], (1000, 1000))
    assert child_stature(replace(motion, q=q[:1], q_std=q[:1], time=motion.time[:1]), photo) is None


def test_age_and_sex_are_known_beforehand() -> None:
    def stature(facts: PersonFacts) -> float:
        sizes = combined_sizes([], facts)
        return load_proportions().stature(sizes.log_scale)

    assert stature(PersonFacts(age_years=6)) == pytest.approx(1.155, abs=0.01)
    assert stature(PersonFacts(sex="male")) - stature(PersonFacts(sex="female")) == pytest.approx(
        0.126, abs=0.02
    )
