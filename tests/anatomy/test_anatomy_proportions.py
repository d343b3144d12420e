"""The prior of proportions: human-shaped, consistent with stature, symmetric, right about true bones."""

import csv
import json
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pytest

from pase.anatomy.proportions import Proportions, load_proportions
from pase.errors import InputError
from places import shared

SIDED = ["femur", "patella", "tibia", "talus", "calcn", "toes", "humerus", "ulna", "radius", "hand"]
MIDDLE = [
    "pelvis",
    "sacrum",
    "lumbar5",
    "lumbar4",
    "lumbar3",
    "lumbar2",
    "lumbar1",
    "torso",
    "head",
    "Abdomen",
]
BODIES = MIDDLE + [f"{name}_{side}" for name in SIDED for side in "rl"]
HEIGHTS = np.round(np.arange(0.7, 2.21, 0.05), 2)


@pytest.fixture(scope="module")
def proportions() -> Proportions:
    return load_proportions()


@pytest.fixture(scope="module")
def check() -> dict:
    return json.loads(files("pase").joinpath("assets", "proportions.json").read_text(encoding="utf-8"))[
        "check"
    ]


def sd_of(proportions: Proportions, group: str, **facts: float) -> float:
    column = proportions.index(group)
    return float(np.sqrt(proportions.prior(**facts).covariance[column, column]))


def test_every_axis_of_every_body_belongs_to_exactly_one_group(proportions: Proportions) -> None:
    matrix = proportions.matrix(BODIES)
    assert matrix.shape == (30, 3, 22)
    np.testing.assert_array_equal(matrix.sum(axis=2), 1)
    assert (matrix.sum(axis=(0, 1)) > 0).all()


def test_left_and_right_scale_alike_and_rows_follow_the_given_order(proportions: Proportions) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, 22)
    right = proportions.body_scale(x, [f"{n}_r" for n in SIDED])
    left = proportions.body_scale(x, [f"{n}_l" for n in SIDED])
    np.testing.assert_array_equal(right, left)
    np.testing.assert_array_equal(
        proportions.body_scale(x, BODIES[::-1]), proportions.body_scale(x, BODIES)[::-1]
    )
    femur = proportions.body_scale(x, ["femur_r"])[0]
    assert femur[1] == pytest.approx(np.exp(x[proportions.index("thigh_length")]))
    assert femur[0] == femur[2] == pytest.approx(np.exp(x[proportions.index("thigh_width")]))


def test_log_scale_undoes_body_scale(proportions: Proportions) -> None:
    x = np.random.default_rng(1).normal(0, 0.1, 22)
    np.testing.assert_allclose(
        proportions.log_scale(proportions.body_scale(x, BODIES), BODIES), x, atol=1e-12
    )


def test_stature_gradient_equals_finite_differences(proportions: Proportions) -> None:
    x = np.random.default_rng(2).normal(0, 0.1, 22)
    steps = 1e-6 * np.eye(22)
    numeric = [(proportions.stature(x + d) - proportions.stature(x - d)) / 2e-6 for d in steps]
    np.testing.assert_allclose(proportions.stature_gradient(x), numeric, atol=1e-9)


def test_stature_is_the_stack_of_the_default_skeleton(proportions: Proportions) -> None:
    model = pytest.importorskip("pase.anatomy.default", reason="the default skeleton is not there yet")
    skeleton = model.default_skeleton()
    joints = {joint.child: joint for joint in skeleton.joints}

    def up(path: Sequence[str]) -> float:
        steps = [joints[b].parent_frame.translation[1] - joints[b].child_frame.translation[1] for b in path]
        return float(sum(steps))

    leg = up(["femur_r", "tibia_r", "talus_r", "calcn_r", "toes_r"])
    spine = ["sacrum", "lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "torso"]
    spine += [f"cerv{number}" for number in range(7, 0, -1)] + ["head"]
    between_toe_and_head_frames = up(spine) - leg
    stature = proportions.stature(np.zeros(22))
    assert stature - between_toe_and_head_frames == pytest.approx(0.0101 + 0.1594 + 0.017, abs=0.003)


@pytest.mark.parametrize(
    "facts", [{}, {"sex": "female"}, {"sex": "male"}, {"mass_kg": 90.0}, {"age_years": 40.0}]
)
@pytest.mark.parametrize("height_m", [1.0, 1.2, 1.38, 1.42, 1.5, 1.7, 1.9, 2.1])
def test_the_mean_has_the_height_asked_for(proportions: Proportions, height_m: float, facts: dict) -> None:
    prior = proportions.prior(height_m, **facts)
    assert proportions.stature(prior.mean) == pytest.approx(height_m, abs=1e-6)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"sex": "male"},
        {"mass_kg": 60.0},
        {"age_years": 5.0},
        {"age_years": 14.0},
        {"height_m": 0.8},
        {"height_m": 1.42},
        {"height_m": 1.7, "mass_kg": 45.0},
        {"height_m": 1.9, "mass_kg": 150.0, "sex": "female", "age_years": 30.0},
        {"height_m": 2.3},
    ],
)
def test_covariance_is_symmetric_and_positive_definite(proportions: Proportions, facts: dict) -> None:
    covariance = proportions.prior(**facts).covariance
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 1e-5
    assert np.sqrt(np.diag(covariance)).max() < 0.25


def test_taller_people_have_longer_bones_at_every_age(proportions: Proportions) -> None:
    lengths = [proportions.lengths(proportions.prior(h).mean) for h in HEIGHTS]
    for name in lengths[0]:
        assert (np.diff([x[name] for x in lengths]) > 0).all(), name
    trunk = [proportions.prior(h).mean[proportions.index("trunk_length")] for h in HEIGHTS]
    assert (np.diff(trunk) > 0).all()


def test_lengths_at_170_cm_are_human(proportions: Proportions) -> None:
    # Joint-to-joint shares of stature of de Leva (1996), both sexes: thigh 0.24, shank 0.25, upper arm 0.16,
    # forearm 0.15; hip and shoulder widths as in docs/proportions.md.
    share = {n: v / 1.70 for n, v in proportions.lengths(proportions.prior(1.70).mean).items()}
    expected = {"thigh": 0.242, "shank": 0.248, "upper_arm": 0.168, "forearm": 0.152}
    expected |= {"hip_width": 0.100, "shoulder_width": 0.215, "foot": 0.102}
    for name, value in expected.items():
        assert share[name] == pytest.approx(value, rel=0.045), name


def test_spread_given_height_is_that_of_people(proportions: Proportions) -> None:
    for group in ("thigh_length", "shank_length"):
        assert 0.025 < sd_of(proportions, group, height_m=1.7) < 0.042
        assert sd_of(proportions, group, height_m=1.7) < 0.7 * sd_of(proportions, group)
    gradient = proportions.stature_gradient(proportions.prior(1.7).mean)
    covariance = proportions.prior(1.7).covariance
    assert 0.003 < np.sqrt(gradient @ covariance @ gradient) < 0.011
    free = proportions.prior()
    gradient = proportions.stature_gradient(free.mean)
    assert 0.08 < np.sqrt(gradient @ free.covariance @ gradient) < 0.11


def test_sex_mass_and_their_absence(proportions: Proportions) -> None:
    man = proportions.lengths(proportions.prior(1.7, sex="male").mean)
    woman = proportions.lengths(proportions.prior(1.7, sex="female").mean)
    anyone = proportions.lengths(proportions.prior(1.7).mean)
    assert woman["shoulder_width"] < anyone["shoulder_width"] < man["shoulder_width"]
    i = proportions.index("trunk_depth")
    thin, heavy = (proportions.prior(1.7, mass_kg=m, sex="male").mean[i] for m in (55.0, 110.0))
    assert thin < heavy
    assert "both sexes" in proportions.prior(1.7).description
    assert "assumed: 1.69" in proportions.prior().description


@pytest.mark.parametrize(
    ("facts", "low", "high"),
    [((1.75,), 75, 86), ((1.62, "female"), 62, 70), ((1.10,), 17, 21), ((1.10, None, 30.0), 28, 34)],
)
def test_average_mass_is_that_of_people(
    proportions: Proportions, facts: tuple, low: float, high: float
) -> None:
    assert low < proportions.average_mass(*facts) < high


def test_children_have_large_heads_and_short_legs_and_small_women_do_not(proportions: Proportions) -> None:
    def head_to_leg(**facts: float) -> float:
        mean = proportions.prior(**facts).mean
        length = proportions.lengths(mean)
        return float(np.exp(mean[proportions.index("head_height")]) / (length["thigh"] + length["shank"]))

    def leg_share(**facts: float) -> float:
        length = proportions.lengths(proportions.prior(**facts).mean)
        return (length["thigh"] + length["shank"]) / facts["height_m"]

    grown_up = head_to_leg(height_m=1.70)
    assert head_to_leg(height_m=1.0) > 1.45 * grown_up
    assert head_to_leg(height_m=1.16) > 1.25 * grown_up
    assert 0.88 < leg_share(height_m=1.0) / leg_share(height_m=1.7) < 0.95
    woman, grown = head_to_leg(height_m=1.50), head_to_leg(height_m=1.50, age_years=40.0)
    assert woman == pytest.approx(grown, rel=0.01)
    # Maresh (1970), both ends of the shaft added, gives a six-year-old a thigh of about 0.28 m.
    assert 0.25 < proportions.lengths(proportions.prior(age_years=6.0).mean)["thigh"] < 0.30


def test_mean_changes_smoothly_with_height_and_age(proportions: Proportions) -> None:
    by_height = np.array([proportions.prior(h).mean for h in np.arange(0.8, 2.0, 0.005)])
    assert np.abs(np.diff(by_height, axis=0)).max() < 0.03
    by_age = np.array([proportions.prior(1.45, age_years=a).mean for a in np.arange(8, 20, 0.25)])
    assert np.abs(np.diff(by_age, axis=0)).max() < 0.02


def test_true_bones_agree(check: dict) -> None:
    for sex in ("male", "female"):
        row = check[sex]
        assert row["skeletons"] > 150
        ratio = np.array(row["implied_ratio_to_femur"]) / np.array(row["true_ratio_to_femur"])
        np.testing.assert_allclose(ratio, 1, atol=0.04)
        spread = (
            np.array(row["implied_log_sd_of_ratio"])[[0, 1, 3]]
            / np.array(row["true_log_sd_of_ratio"])[[0, 1, 3]]
        )
        assert ((spread > 0.9) & (spread < 1.45)).all()
        correlation = np.array(row["implied_correlation"]) - np.array(row["true_correlation"])
        assert np.abs(correlation).max() < 0.2


def test_stored_bone_figures_are_those_of_the_file(check: dict) -> None:
    with shared("data/anthropometry/goldman_osteometric.csv").open(encoding="latin-1", newline="") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if r["Sex"].strip() == "0" and r["LFML"].strip() and r["LHML"].strip()
        ]
    ratio = np.median([float(r["LHML"]) / float(r["LFML"]) for r in rows])
    assert check["male"]["true_ratio_to_femur"][0] == pytest.approx(ratio, rel=0.01)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"height_m": -1.7}, "height_m must be between 0.5 and 2.6"),
        ({"height_m": 170.0}, "height_m"),
        ({"height_m": float("nan")}, "height_m"),
        ({"mass_kg": 0.0}, "mass_kg"),
        ({"age_years": -1.0}, "age_years"),
        ({"sex": "m"}, "'female', 'male'"),
    ],
)
def test_bad_values_are_refused(proportions: Proportions, facts: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        proportions.prior(**facts)


def test_unknown_names_and_shapes_are_refused(proportions: Proportions) -> None:
    with pytest.raises(InputError, match="no scale group has a body 'femurr'"):
        proportions.matrix(["femurr"])
    with pytest.raises(InputError, match="the groups are: pelvis_width"):
        proportions.index("leg")
    with pytest.raises(InputError, match=r"shape \(22,\)"):
        proportions.stature(np.zeros(3))
