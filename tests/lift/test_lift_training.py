"""What the lifter is trained on, and how: feet stand, cameras see, bodies fit their stature, training resumes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pase.lift.points import POINTS, ROOT
from places import REPOSITORY

if TYPE_CHECKING:
    from tools.train_lifter.scenes import Scenes

TRAIN = "PyTorch and onnx come with the train extra"


@pytest.fixture(autouse=True)
def tools_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's own folder on the path, for its tools."""
    monkeypatch.syspath_prepend(str(REPOSITORY))


def test_legs_that_are_too_long_bend_straight_knees_most() -> None:
    """With 1.6 % taken off, 22° become 10 and 70° become 68; the foot stays where it was."""
    from tools.train_lifter.corpus import legs_too_long, straightened

    from pase.anatomy.default import default_skeleton
    from pase.anatomy.kinematics import Kinematics
    from pase.fit.problem import sole_landmarks

    skeleton = default_skeleton()
    knee = skeleton.coordinate_index("knee_angle_r")
    q = np.tile(skeleton.standing_q, (3, 1))
    q[:, knee] = np.radians([22.0, 70.0, 1.0])
    out = straightened(q, legs_too_long("subject-specific (ASF)"))
    np.testing.assert_allclose(np.degrees(out[:, knee]), [8.1, 67.3, 0.0], atol=0.5)
    heights = [Kinematics(skeleton, sole_landmarks()).positions(x)[..., 1].min(1) for x in (q, out)]
    np.testing.assert_allclose(heights[0], heights[1], atol=1e-9)
    assert straightened(q, legs_too_long("scaled OpenSim model (marker IK)")) is q


def test_procedural_motion_stands_on_its_feet_inside_the_ranges() -> None:
    """Feet are on the floor and still most of the time; every angle is possible."""
    from tools.train_lifter.procedural import Planter, make_episodes

    planter = Planter()
    episodes = make_episodes(planter, np.random.default_rng(3), 12)
    low, high = planter.skeleton.bounds
    lowest, speed = [], []
    for kind, q in episodes:
        assert np.isfinite(q).all() and (q >= low - 1e-9).all() and (q <= high + 1e-9).all()
        if kind in ("squat", "rise", "bend", "sit", "stand", "reach"):
            soles = planter.soles(q)
            lowest.append(soles[..., 1].min((1, 2)))
            speed.append(np.linalg.norm(np.diff(soles.mean(2), axis=0), axis=-1).min(1) * 30)
    assert np.abs(np.median(np.concatenate(lowest))) < 0.01
    assert np.percentile(np.concatenate(lowest), 1) > -0.05
    assert np.median(np.concatenate(speed)) < 0.05


def test_postures_on_the_floor_rest_on_the_parts_they_name() -> None:
    """Push-ups have hands and toes on the floor, bridges shoulders and soles, within some centimetres."""
    from functools import partial

    from tools.train_lifter.chains import POSTURES
    from tools.train_lifter.procedural import Planter

    planter, rng = Planter(), np.random.default_rng(2)
    for name, body in (("push_up", "hand_r"), ("bridge", "calcn_l"), ("downward_dog", "toes_r")):
        draw = partial(POSTURES[name], rng)
        key, q = planter.settled(draw(), draw, rng, 0.0, np.zeros(3))
        origin = planter.model.kinematics.pose(q[None]).origin[0]
        assert body in {*key.rests_on, "toes_r"}
        assert abs(origin[planter.skeleton.body_index(body), 1]) < 0.15


def test_arms_point_where_they_are_told() -> None:
    """An arm raised by 90 degrees to the side or the front is level and goes there, by 3 cm in its length."""
    from tools.train_lifter.exercises import pointing
    from tools.train_lifter.procedural import Planter

    planter = Planter()
    skeleton = planter.skeleton
    ends = [skeleton.body_index(b) for b in ("humerus_r", "ulna_r")]
    for forward, wanted in ((0.0, (0.0, 0.0, 1.0)), (90.0, (1.0, 0.0, 0.0))):
        q = skeleton.default_q.copy()
        for name, degrees in pointing(90.0, forward).items():
            q[planter.coordinates[f"{name}_r"]] = np.radians(degrees)
        shoulder, elbow = planter.model.kinematics.pose(q[None]).origin[0, ends]
        way = (elbow - shoulder) / np.linalg.norm(elbow - shoulder)
        np.testing.assert_allclose(way, wanted, atol=0.1)


def test_walks_go_on_feet_that_stay_and_land_on_straight_knees() -> None:
    """Walkers come forward, the bearing foot hardly slips, and knees are near straight when heels land."""
    from tools.train_lifter.gait import make_walks
    from tools.train_lifter.procedural import Planter

    planter = Planter()
    for kind, q in make_walks(planter, np.random.default_rng(4), 4):
        soles = planter.soles(q)
        speed = 30 * np.linalg.norm(np.diff(q[:, [3, 5]], axis=0), axis=1)
        still = 30 * np.linalg.norm(np.diff(soles.mean(2), axis=0), axis=-1).min(1)
        assert kind == "walk" and 0.3 < speed.mean() < 2.0
        assert np.median(still) < 0.3 * speed.mean()
        assert soles[..., 1].min() > -0.08
        knee = np.degrees(q[:, planter.coordinates["knee_angle_r"]])
        assert np.percentile(knee, 10) < 20 and np.percentile(knee, 98) > 40


def test_skeletons_in_torch_are_those_of_the_package() -> None:
    """Forward kinematics in torch gives the package's positions to a hundredth of a millimetre, for any body."""
    torch = pytest.importorskip("torch", reason=TRAIN)
    from tools.train_lifter.dice import Dice
    from tools.train_lifter.points import JOINTS, draw_bodies, kinematics

    from pase.anatomy.default import default_skeleton
    from pase.anatomy.keypoints import keypoint_landmarks
    from pase.anatomy.kinematics import Kinematics
    from pase.data import HALPE26

    skeleton = default_skeleton()
    bodies = draw_bodies(Dice(0), 4)
    low, high = (np.clip(x, -3, 3) for x in skeleton.bounds)
    q = np.random.default_rng(0).uniform(low, high, (4, 5, len(low)))
    positions = kinematics(torch.device("cpu"))(torch.tensor(q).float(), bodies.scale, bodies.location)
    package = Kinematics(skeleton, [*keypoint_landmarks(HALPE26), *JOINTS])
    for i in range(4):
        scale, location = bodies.scale[i].double().numpy(), bodies.location[i].double().numpy()
        np.testing.assert_allclose(positions[i], package.positions(q[i], scale, location), atol=1e-5)


def standing(seed: int, **changes: object) -> Scenes:
    """Scenes of people who stand still."""
    pytest.importorskip("torch", reason=TRAIN)
    from tools.train_lifter.bank import Bank
    from tools.train_lifter.corpus import Take
    from tools.train_lifter.scenes import Scenes

    from pase.anatomy.default import default_skeleton

    q = np.tile(default_skeleton().default_q, (60, 1))
    return Scenes(Bank.of([Take("still", "nobody", "stand", "train", q)], "cpu"), seed, **changes)  # type: ignore[arg-type]


def test_windows_are_seen_and_their_truth_is_that_of_the_rays() -> None:
    """Where a point is seen, its ray points at the truth to within the detector's noise."""
    batch = standing(1, varied=False).draw(40, 16)
    assert batch.target.shape == (40, 16, len(POINTS), 3)
    np.testing.assert_allclose(batch.down.norm(dim=-1), 1, atol=1e-4)
    height = np.ptp(batch.target[..., 1].numpy(), axis=2)
    assert 0.75 < np.median(height) < 1.05
    assert 0.5 < (batch.score > 0).float().mean() < 1.0
    nose, heel = POINTS.index("Nose"), POINTS.index("LHeel")
    both_visible = (batch.score[..., [nose, heel]] > 0).all(-1)
    down = (batch.rays[..., heel, 1] - batch.rays[..., nose, 1])[both_visible]
    assert (down > 0).float().mean() > 0.97


def test_the_network_is_trained_on_what_the_package_shows_it() -> None:
    """Features made in torch are those that the lifter makes of the same rays."""
    batch = standing(2).draw(12, 16)
    from pase.lift.features import KNOWN, centred

    knowledge = batch.features[:, 8, -1 - KNOWN : -1].numpy()
    rays, score, valid = (x.numpy() for x in (batch.rays, batch.score, batch.valid))
    inputs = centred(rays, score, valid, knowledge)
    valid_rows = batch.valid[:, 8] > 0
    np.testing.assert_allclose(inputs.features[valid_rows], batch.features[valid_rows], atol=1e-4)
    np.testing.assert_allclose(inputs.rotation, batch.rotation, atol=1e-5)


def test_bodies_are_people() -> None:
    """Random statures within those of children and adults; points in units of it."""
    torch = pytest.importorskip("torch", reason=TRAIN)
    from tools.train_lifter.dice import Dice
    from tools.train_lifter.points import draw_bodies

    from pase.anatomy.default import default_skeleton

    bodies = draw_bodies(Dice(0), 200)
    assert 0.9 < bodies.stature.min() < 1.3 and 1.8 < bodies.stature.max() < 2.3
    q = torch.tensor(default_skeleton().default_q).float().expand(200, 1, -1)
    height = np.ptp(bodies.points(q)[:, 0, :, 1].numpy(), axis=1)
    assert (height > 0.88).all() and (height < 1.07).all()


def test_motion_is_packed_and_unpacked(tmp_path: Path) -> None:
    """Angles to a thirtieth of a degree, however far somebody turns."""
    pytest.importorskip("torch", reason=TRAIN)
    from tools.train_lifter.bank import pack, unpack
    from tools.train_lifter.corpus import Take

    from pase.anatomy.default import default_skeleton

    q = np.cumsum(np.random.default_rng(0).normal(0, 0.02, (90, 40)), axis=0)
    broken = np.full((9, 40), np.nan)
    pack([Take("a", "b", "c", "train", q, "d"), Take("e", "b", "c", "val", broken)], tmp_path / "x.xz")
    (take,) = unpack(tmp_path / "x.xz")
    assert (take.name, take.split, take.source) == ("a", "train", "d")
    np.testing.assert_allclose(take.q[:, 6:23], q[:, 6:23], atol=5e-4)
    # Packed while the neck had one joint: the whole bend is the same.
    flexion, bending = (
        list(default_skeleton().free_names).index(f"lower_neck_{n}") for n in ("flexion", "bending")
    )
    np.testing.assert_allclose(take.q[:, flexion] + take.q[:, flexion + 3], q[:, 23], atol=5e-4)
    np.testing.assert_allclose(take.q[:, bending] + take.q[:, bending + 3], q[:, 24], atol=5e-4)
    np.testing.assert_allclose(take.q[:, 28:], q[:, 26:], atol=5e-4)


def test_depths_are_as_likely_as_their_whole_covariance_says() -> None:
    """The low-rank formula of the loss gives the Gaussian of the full matrix."""
    torch = pytest.importorskip("torch", reason=TRAIN)
    from tools.train_lifter.losses import joint_likelihood

    from pase.lift.shared_depth import MODES, depth_modes

    rng = np.random.default_rng(1)
    xyz, error = rng.normal(0, 0.2, (len(POINTS), 3)), rng.normal(0, 0.1, len(POINTS))
    own, shared = rng.normal(-3, 0.3, len(POINTS)), rng.normal(-3, 0.3, len(MODES))
    likelihood = joint_likelihood(*(torch.tensor(x).float() for x in (error, xyz, own, shared)))
    not_root = [p for p in range(len(POINTS)) if p != ROOT]
    modes = (depth_modes(xyz) * np.exp(shared))[not_root]
    covariance = modes @ modes.T + np.diag(np.exp(2 * own[not_root]))
    quadratic = error[not_root] @ np.linalg.solve(covariance, error[not_root])
    expected = 0.5 * quadratic + 0.5 * np.linalg.slogdet(covariance)[1]
    assert float(likelihood) == pytest.approx(expected, rel=1e-3)


def test_training_resumes_and_its_export_is_the_network(tmp_path: Path) -> None:
    """A second call goes on from the checkpoint; the file gives what the network gives, to half precision."""
    torch = pytest.importorskip("torch", reason=TRAIN)
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx", reason=TRAIN)
    from tools.train_lifter.export import export
    from tools.train_lifter.train import Settings, Training

    from pase.lift.features import FEATURES

    scenes, first = standing(3), Training(Settings(windows=4))
    for _ in range(2):
        losses = first.learn(scenes.draw(4, 8), 0.0)
    assert all(np.isfinite(float(v)) for v in losses.values())
    first.save(tmp_path)
    second = Training(Settings(windows=4, seed=9))
    second.resume(tmp_path)
    assert second.step == 2
    export(second.average, tmp_path / "lifter.onnx", {})
    features = np.random.default_rng(0).standard_normal((2, 9, FEATURES)).astype(np.float32)
    features[..., -1] = 1.0
    with torch.inference_mode():
        outputs = first.average.eval()(torch.from_numpy(features))
    session = onnxruntime.InferenceSession(str(tmp_path / "lifter.onnx"), providers=["CPUExecutionProvider"])
    for output, stored in zip(outputs, session.run(None, {"features": features}), strict=True):
        np.testing.assert_allclose(output.numpy(), stored, atol=5e-3)


def test_jumps_fly_under_gravity_and_land_on_their_feet() -> None:
    """In the air the root falls by g; on the ground the feet are on the floor; every angle is possible."""
    from tools.train_lifter.jumps import GRAVITY, make_jumps
    from tools.train_lifter.procedural import Planter

    planter = Planter()
    low, high = planter.skeleton.bounds
    fall = []
    for kind, q in make_jumps(planter, np.random.default_rng(1), 6):
        assert kind == "jump" and (q >= low - 1e-9).all() and (q <= high + 1e-9).all()
        lowest = planter.soles(q)[..., 1].min((1, 2))
        assert lowest.min() > -0.05 and abs(lowest[-1]) < 0.03
        air = np.flatnonzero((lowest[1:-1] > 0.12) & (lowest[:-2] > 0.12) & (lowest[2:] > 0.12)) + 1
        fall.append((q[air + 1, 4] - 2 * q[air, 4] + q[air - 1, 4]) * 30**2)
    assert len(np.concatenate(fall)) > 20
    np.testing.assert_allclose(np.median(np.concatenate(fall)), -GRAVITY, rtol=0.1)


def test_an_exported_network_is_fine_tuned_in_the_layers_named(tmp_path: Path) -> None:
    """Training starts with the exported weights, rounded to 16 bits, and moves those that match the pattern alone."""
    torch = pytest.importorskip("torch", reason=TRAIN)
    pytest.importorskip("onnx", reason=TRAIN)
    from tools.train_lifter.export import export
    from tools.train_lifter.train import Settings, Training

    first = Training(Settings(windows=4))
    with torch.no_grad():
        for values in first.average.parameters():
            values += 0.02 * torch.randn_like(values)
    export(first.average, tmp_path / "lifter.onnx", {})
    second = Training(Settings(windows=4, start=str(tmp_path / "lifter.onnx"), only="shared"))
    before = {name: values.clone() for name, values in second.network.state_dict().items()}
    for name, values in first.average.state_dict().items():
        torch.testing.assert_close(before[name], values, atol=2e-3, rtol=0)
    second.learn(standing(3).draw(4, 8), 0.0)
    moved = {name for name, values in second.network.state_dict().items() if (values != before[name]).any()}
    assert moved == {"shared.weight", "shared.bias"}
    tuned = second.average.shared.weight.clone()
    second.settings = Settings(start=str(tmp_path / "lifter.onnx"), blend=0.5)
    second.mix()
    halfway = 0.5 * (before["shared.weight"] + tuned)
    torch.testing.assert_close(second.average.shared.weight, halfway, atol=1e-6, rtol=0)
