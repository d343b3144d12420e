"""What the lifter is trained on: feet stand, cameras see, bodies fit their stature. No torch is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pase.lift.pase_lifter import POINTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def tools_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's own folder on the path, for its tools."""
    monkeypatch.syspath_prepend(str(ROOT))


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


def test_windows_are_seen_and_their_truth_is_that_of_the_rays() -> None:
    """Where a point is seen, its ray points at the truth to within the detector's noise."""
    from tools.train_lifter.corpus import Take
    from tools.train_lifter.data import Pool

    from pase.anatomy.default import default_skeleton

    q = np.tile(default_skeleton().default_q, (60, 1))
    pool = Pool([Take("still", "nobody", "stand", "train", q)], 1, varied=False)
    batch = pool.draw(40, 16)
    assert batch.target.shape == (40, 16, len(POINTS), 3)
    np.testing.assert_allclose(np.linalg.norm(batch.down, axis=-1), 1, atol=1e-4)
    height = np.ptp(batch.target[..., 1], axis=2)
    assert 0.75 < np.median(height) < 1.05
    assert 0.5 < (batch.score > 0).mean() < 1.0
    nose, heel = POINTS.index("Nose"), POINTS.index("LHeel")
    seen = (batch.score[..., [nose, heel]] > 0).all(-1)
    down = (batch.rays[..., heel, 1] - batch.rays[..., nose, 1])[seen]
    assert (down > 0).mean() > 0.97


def test_bodies_are_people() -> None:
    """Random statures within those of children and adults; points in units of it."""
    from tools.train_lifter.points import Body

    from pase.anatomy.default import default_skeleton

    rng = np.random.default_rng(0)
    bodies = [Body(rng) for _ in range(12)]
    assert all(0.9 < b.stature < 2.2 for b in bodies)
    for body in bodies:
        points = body.points(default_skeleton().default_q[None])[0]
        assert 0.9 < np.ptp(points[:, 1]) < 1.05


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


def test_training_goes_on_from_an_exported_network() -> None:
    """The weights read back from the shipped file give what the file gives."""
    torch = pytest.importorskip("torch", reason="PyTorch comes with the train extra")
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx", reason="onnx comes with the train extra")
    from tools.train_lifter.export import load_exported
    from tools.train_lifter.model import LifterNetwork

    from pase.lift.pase_lifter import FEATURES

    path = ROOT / "src" / "pase" / "assets" / "lifter.onnx"
    network = LifterNetwork()
    load_exported(path, network)
    features = np.random.default_rng(0).standard_normal((2, 9, FEATURES)).astype(np.float32)
    features[..., -1] = 1.0
    with torch.inference_mode():
        points, gravity = network.eval()(torch.from_numpy(features))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    stored = session.run(None, {"features": features})
    np.testing.assert_allclose(points.numpy(), stored[0], atol=1e-4)
    np.testing.assert_allclose(gravity.numpy(), stored[1], atol=1e-4)
