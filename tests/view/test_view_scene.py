from dataclasses import replace

import numpy as np
import pytest

import pase.view.scene as scene
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import BodyPoses, Kinematics
from pase.anatomy.model import Body, BoneMesh, Frame, Joint, Skeleton, TransformAxis
from pase.anatomy.surfaces import BoneSurface
from pase.data import Camera
from pase.view.scene import Renderer

AXES = np.eye(3).tolist()


def ball(radius: float) -> BoneSurface:
    """A fine sphere of rings and meridians."""
    polar, around = np.linspace(0, np.pi, 33), np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(around), np.zeros(48), np.sin(around)], axis=1)
    normals = np.concatenate([np.sin(p) * ring + [0, np.cos(p), 0] for p in polar])
    i, j = (grid.ravel() for grid in np.meshgrid(np.arange(32), np.arange(48), indexing="ij"))
    a, b, k = 48 * i + j, 48 * i + (j + 1) % 48, 48
    faces = np.concatenate([np.stack([a, b, a + k], 1), np.stack([b, b + k, a + k], 1)])
    return BoneSurface(radius * normals, faces.astype(np.int32), normals)


def ball_at(place: np.ndarray) -> Skeleton:
    """A skeleton of one fixed body with a ball at a place in the world."""
    rotations = tuple(TransformAxis(tuple(axis)) for axis in AXES)
    joint = Joint("weld", "WeldJoint", "ground", "ball", Frame(tuple(place)), Frame(), rotations, rotations)
    return Skeleton("ball", (Body("ball", meshes=(BoneMesh("ball.vtp"),)),), (joint,), ())


def centre(alpha: np.ndarray) -> np.ndarray:
    """Centroid (x, y) of an opacity, in coordinates of pixel centres."""
    y, x = np.indices(alpha.shape)
    return np.array([(x * alpha).sum(), (y * alpha).sum()]) / alpha.sum()


PLACES = [(0, 0.9, 0), (0.3, 1.8, -0.6), (-0.8, 0.1, 0.9), (1.5, 1.2, 0.5), (-3.0, 2.0, -2.0)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("smoothed", [True, False])
def test_a_ball_lands_where_the_camera_sees_it(
    monkeypatch: pytest.MonkeyPatch, camera: Camera, place: tuple[float, float, float], smoothed: bool
) -> None:
    monkeypatch.setattr("pase.anatomy.bones.load_bones", lambda skeleton: {"ball.vtp": ball(0.02)})
    monkeypatch.setattr(scene, "LARGEST_SMOOTHED", 4_000_000 if smoothed else 0)
    with Renderer([ball_at(np.array(place))], camera) as renderer:
        drawn = renderer.draw([np.zeros(0)])
    alpha = drawn[..., 3].astype(float)
    np.testing.assert_allclose(centre(alpha), camera.project(np.array(place)), atol=0.3)
    depth = camera.to_camera(np.array(place))[2]
    radius = np.sqrt(alpha.sum() / 255 / np.pi)
    assert radius == pytest.approx(0.02 * camera.focal_length_px / depth, abs=0.3)


def test_the_nearer_hides_the_farther(monkeypatch: pytest.MonkeyPatch, camera: Camera) -> None:
    monkeypatch.setattr("pase.anatomy.bones.load_bones", lambda skeleton: {"ball.vtp": ball(0.1)})
    ray = camera.rotation[2]
    near, far = ball_at(np.array([0, 1.2, 0])), ball_at(np.array([0, 1.2, 0]) + 0.5 * ray)
    q = np.zeros(0)
    with Renderer([near, far], camera) as renderer:
        shader = renderer._figures[1].actor.GetShaderProperty()
        shader.GetFragmentCustomUniforms().SetUniform3f("color", (1, 0, 0))
        pair, behind, hidden = renderer.draw([q, q]), renderer.draw([None, q]), renderer.draw([None, None])
    x, y = camera.project(np.array([0, 1.2, 0])).round().astype(int)
    assert pair[y, x, 3] == 255 and pair[y, x, 2] > 60
    assert behind[y, x, 3] == 255 and behind[y, x, 2] == 0
    assert not hidden.any()


@pytest.fixture(scope="module")
def standing() -> np.ndarray:
    return default_skeleton().default_q


def test_bones_cover_the_landmarks_and_little_else(camera: Camera, standing: np.ndarray) -> None:
    skeleton = default_skeleton()
    with Renderer([skeleton], camera) as renderer:
        drawn = renderer.draw([standing])
    marks = camera.project(Kinematics(skeleton).positions(standing[None])[0])
    y, x = np.nonzero(drawn[..., 3])
    for name in ("RKnee", "LKnee", "RAnkle", "LAnkle", "RHip", "LHip", "LElbow", "RElbow"):
        mark = marks[skeleton.landmark_index(name)]
        assert np.hypot(x - mark[0], y - mark[1]).min() < 8, name
    low, high = np.stack([x, y], axis=1).min(axis=0), np.stack([x, y], axis=1).max(axis=0)
    np.testing.assert_allclose(low, marks.min(axis=0), atol=25)
    np.testing.assert_allclose(high, marks.max(axis=0), atol=25)


def test_the_right_arm_is_on_the_right(camera: Camera, standing: np.ndarray) -> None:
    """Bend the right elbow: only on its side of the picture does anything change."""
    skeleton = default_skeleton()
    lifted = standing.copy()
    lifted[skeleton.coordinate_index("elbow_flex_r")] += 1.2
    with Renderer([skeleton], camera) as renderer:
        changed = renderer.draw([standing])[..., 3] != renderer.draw([lifted])[..., 3]
    landmarks = camera.project(Kinematics(skeleton).positions(lifted[None])[0])
    right, left = (landmarks[skeleton.landmark_index(name)] for name in ("RWrist", "LWrist"))
    spot = centre(changed.astype(float))
    assert np.linalg.norm(spot - right) < 0.5 * np.linalg.norm(spot - left)


def test_a_body_that_was_not_seen_is_left_out(camera: Camera, standing: np.ndarray) -> None:
    skeleton = default_skeleton()
    poses = Kinematics(skeleton, ()).pose(standing[None])
    unseen = poses.origin[0].copy()
    unseen[skeleton.body_index("tibia_r")] = np.nan
    with Renderer([skeleton], camera) as renderer:
        patch = renderer.draw_patch([BodyPoses(poses.rotation[0], poses.origin[0])])
        without = renderer.draw_patch([BodyPoses(poses.rotation[0], unseen)])
    assert patch is not None and without is not None and patch.rgba.shape == without.rgba.shape
    shin = (patch.rgba != without.rgba).any(axis=2)
    assert not without.rgba[shin, 3].all() and 0.03 < shin.sum() / (patch.rgba[..., 3] > 0).sum() < 0.15
    marks = camera.project(Kinematics(skeleton).positions(standing[None])[0]) - (patch.x, patch.y)
    rows = np.nonzero(shin)[0]
    knee, ankle = (marks[skeleton.landmark_index(name), 1] for name in ("RKnee", "RAnkle"))
    assert knee - 20 < rows.min() and rows.max() < ankle + 20


def test_cropping_changes_nothing(camera: Camera, standing: np.ndarray) -> None:
    """The same skeleton seen by a camera whose picture is larger all around gives the same pixels."""
    x, y = camera.principal_point
    wide = replace(camera, principal_point=(x + 100, y + 60), image_size=(900, 640))
    with Renderer([default_skeleton()], camera) as renderer:
        drawn = renderer.draw([standing])
    with Renderer([default_skeleton()], wide) as renderer:
        moved = renderer.draw([standing])[60:540, 100:740]
    different = np.abs(drawn.astype(int) - moved).max(axis=2) > 40
    assert drawn[..., 3].any() and different.mean() < 1e-4


@pytest.mark.parametrize("step", [(0, 0, -10.0), (50.0, 0, 0), (0, 0, -3.9)])
def test_out_of_sight_or_around_the_camera(
    camera: Camera, standing: np.ndarray, step: tuple[float, float, float]
) -> None:
    moved = replace(camera, translation=camera.translation + np.array(step))
    with Renderer([default_skeleton()], moved) as renderer:
        drawn = renderer.draw([standing])
    assert drawn.shape == (480, 640, 4)
    assert drawn.any() == (step[2] == -3.9)


def test_somebody_small_is_drawn_with_fewer_triangles_and_looks_the_same(camera: Camera) -> None:
    skeleton = default_skeleton()
    pictures, triangles = [], []
    for px_a_metre in (None, 150.0, 3000.0):
        with Renderer([skeleton], camera, "bones", [px_a_metre]) as renderer:
            pictures.append(renderer.draw([skeleton.default_q]).astype(float))
            triangles.append(renderer._figures[0].actor.GetMapper().GetInput().GetNumberOfPolys())
    full, small, large = triangles
    assert small < 0.6 * full and large == full
    covered = [picture[..., 3] > 128 for picture in pictures]
    assert (covered[0] ^ covered[1]).sum() < 0.06 * covered[0].sum()
    overlap = covered[0] & covered[1]
    assert np.abs(pictures[0] - pictures[1])[overlap].mean() < 12
