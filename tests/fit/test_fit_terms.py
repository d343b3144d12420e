"""Every term: its Jacobian is that of its residual, its rows those of its cost."""

import numpy as np
import pytest
from fit_scenes import check_gradient, film_camera

from pase.anatomy.kinematics import Kinematics
from pase.data import Landmarks3D
from pase.fit.keypoint_noise import FARTHER_LOWER, head_points, pair_habit
from pase.fit.posture import arm_kinds, pose_prior, posture_kinds
from pase.fit.problem import Linearization, PersonModel, State
from pase.fit.terms.balance import Balance
from pase.fit.terms.base import Term, robust_loss
from pase.fit.terms.floor import ContactHeight, ContactVelocity, Floor
from pase.fit.terms.gravity import Gravity
from pase.fit.terms.head_turn import HeadTurn
from pase.fit.terms.landmarks import LandmarkDistance
from pase.fit.terms.posture_kinds import KindsPrior
from pase.fit.terms.prior import CameraPrior, Height, PosePrior, SharedPrior, Smoothness
from pase.fit.terms.reprojection import Reprojection
from pase.fit.terms.shaken import ShakenReprojection

TIME = np.array([0.0, 0.04, 0.07, 0.12])
WEIGHT = np.array([1.0, 0.7, 0.8, 1.0])


def terms(model: PersonModel, state: State) -> dict[str, Term]:
    """One of each kind, with residuals of a few standard deviations and a gap in the data."""
    rng = np.random.default_rng(1)
    K, S = len(model.points), len(model.soles)
    planted = rng.uniform(0, 1, (4, S))
    xy = rng.uniform(300, 700, (4, K, 2))
    xy[1, 3] = np.nan
    points = model.positions(state)[:, :K] + rng.normal(0, 0.03, (4, K, 3))
    points[2, 5] = np.nan
    head = head_points(model.points)[0]
    size = model.layout.size
    covariance = np.cov(rng.normal(size=(size.stop, 60)))
    return {
        "reprojection": Reprojection(xy, np.full((4, K), 60.0), film_camera(model), WEIGHT),
        "reprojection, farther lower": Reprojection(
            xy,
            np.full((4, K), 60.0),
            film_camera(model),
            WEIGHT,
            habit=pair_habit(model.points, points[..., :2] * 500, np.ones((4, K))),
        ),
        "reprojection, shaken": ShakenReprojection(
            film_camera(model).project(points, state.shared)[0] + rng.normal(0, 40.0, (4, K, 2)),
            np.full((4, K), 60.0),
            film_camera(model),
            WEIGHT,
            shift_sigma=np.array([1.0, 20.0, 90.0, 400.0]),
        ),
        "head turn": HeadTurn(
            xy[:, head], np.full((4, len(head)), 60.0), film_camera(model), WEIGHT, points=head
        ),
        "landmarks": LandmarkDistance(points, np.full((4, K), 0.02), WEIGHT),
        "pose prior": PosePrior(*pose_prior(model.skeleton), WEIGHT),
        "smoothness": Smoothness(TIME, np.full(state.q.shape[1], 20.0)),
        "smoothness, fast": Smoothness(TIME, np.full(state.q.shape[1], 20.0), width=0.5),
        "floor": Floor(WEIGHT),
        "contact height": ContactHeight(planted, WEIGHT),
        "contact velocity": ContactVelocity(planted, TIME, WEIGHT, sigma=1.0),
        "balance": Balance(planted, WEIGHT, model.points),
        "posture": KindsPrior(posture_kinds(model.skeleton), WEIGHT),
        "arms": KindsPrior(arm_kinds(model.skeleton), WEIGHT, "arms"),
        "proportions": SharedPrior("proportions", size, np.zeros(size.stop), covariance),
        "height": Height(1.7),
        "gravity": Gravity(model.layout.camera, np.array([0.0, np.cos(0.2), np.sin(0.2)]), 0.05),
        "camera": CameraPrior(model.layout.camera, np.array([0.0, 0.0, 1.5, 7.0]), np.full(4, 0.1)),
    }


NAMES = [
    "reprojection", "reprojection, farther lower", "reprojection, shaken", "head turn",
    "landmarks", "pose prior", "smoothness", "smoothness, fast", "floor", "contact height",
    "contact velocity", "balance", "posture", "arms", "proportions", "height", "gravity", "camera",
]  # fmt: skip


def low(state: State, model: PersonModel) -> State:
    """The same postures with the feet about the floor, so that the floor's terms have something to say."""
    q = state.q.copy()
    soles = model.positions(state)[:, len(model.points) :, 1]
    q[:, model.skeleton.coordinate_index("pelvis_ty")] -= soles.min(1) + 0.01
    return State(q, state.shared)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_that_of_the_cost(name: str, model: PersonModel, state: State) -> None:
    state = low(state, model)
    term = terms(model, state)[name]
    check_gradient(term, model, state)
    assert term.cost(Linearization(model, state)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_held_shared_unknowns_leave_the_rest(name: str, model: PersonModel, state: State) -> None:
    """Without the shared unknowns a term gives the same residuals and the same derivatives by q."""
    state = low(state, model)
    term = terms(model, state)[name]
    free, held = (
        term.block(Linearization(model, state)),
        term.block(Linearization(model, state, shared_free=False)),
    )
    assert held.dshared is None
    np.testing.assert_allclose(free.residual, held.residual, atol=1e-12)
    for offset, J in free.dq.items():
        np.testing.assert_allclose(J, held.dq[offset], atol=1e-12)
    for rows, held_rows in zip(free.chains, held.chains, strict=True):
        for offset, J in rows.dq.items():
            np.testing.assert_allclose(J, held_rows.dq[offset], atol=1e-12)


@pytest.mark.parametrize("name", ["pose prior", "smoothness", "floor", "proportions", "height"])
def test_cost_is_half_the_sum_of_squares(name: str, model: PersonModel, state: State) -> None:
    """Terms without a robust loss."""
    state = low(state, model)
    term = terms(model, state)[name]
    at = Linearization(model, state)
    assert term.cost(at) == pytest.approx(0.5 * np.sum(np.square(term.block(at).residual)))


def test_robust_loss_lets_go_of_wild_points() -> None:
    """Small residuals are squared, large ones bounded, and the weight is the slope."""
    squared = np.array([1e-6, 1.0, 9.0, 1e6])
    loss, weight = robust_loss(squared, 3.0)
    assert loss[0] == pytest.approx(1e-6) and loss[3] == pytest.approx(9.0, rel=1e-4)
    ahead, behind = robust_loss(squared * 1.0001, 3.0)[0], robust_loss(squared * 0.9999, 3.0)[0]
    np.testing.assert_allclose((ahead - behind) / (0.0002 * squared), weight, rtol=1e-3)


def test_smoothness_does_not_depend_on_the_frame_rate(model: PersonModel) -> None:
    """The same movement sampled at 30 and 120 Hz costs the same."""
    n = len(model.skeleton.free_names)
    costs = []
    for rate in (30, 120):
        time = np.arange(0, 2, 1 / rate)
        q = np.outer(np.sin(2 * np.pi * time), np.ones(n))
        at = Linearization(model, State(q, np.zeros(model.layout.count)))
        costs.append(Smoothness(time, np.full(n, 30.0)).cost(at))
    assert costs[0] == pytest.approx(costs[1], rel=0.05)


def test_acceleration_of_uneven_frames(model: PersonModel) -> None:
    """A parabola has the same acceleration at every uneven time."""
    n = len(model.skeleton.free_names)
    time = np.array([0.0, 0.03, 0.05, 0.11])
    at = Linearization(model, State(np.outer(0.5 * 3.0 * time**2, np.ones(n)), np.zeros(model.layout.count)))
    residual = Smoothness(time, np.ones(n)).residual(at)
    span = (time[2:] - time[:-2]) / 2
    np.testing.assert_allclose(residual[:, 0], 3.0 * np.sqrt(span / 0.1), rtol=1e-9)


def test_offsets_are_mirrored(model: PersonModel) -> None:
    """A displacement of the right knee displaces the left one to the mirrored place."""
    shared = np.zeros(model.layout.count)
    shared[model.layout.offset] = np.random.default_rng(2).normal(0, 0.02, model.offsets.count)
    moved = model.location(shared) - model.location(np.zeros_like(shared))
    right, left = model.points.index("RKnee"), model.points.index("LKnee")
    np.testing.assert_allclose(moved[left], moved[right] * [1, 1, -1])
    assert np.abs(moved[right]).max() > 0
    assert moved[model.points.index("Nose"), 2] == 0


def test_personal_skeleton_carries_size_and_places(model: PersonModel, state: State) -> None:
    """The skeleton that goes to the user has its landmarks where the model had them."""
    skeleton = model.personal_skeleton(state.shared)
    positions = Kinematics(skeleton).positions(state.q)
    np.testing.assert_allclose(positions, model.positions(state)[:, : len(model.points)], atol=1e-12)


def test_gravity_is_where_the_lifter_sees_it(model: PersonModel, state: State) -> None:
    """A camera that looks down as the lifter says costs nothing; frames count by how sure it is."""
    shared = state.shared.copy()
    pitch = np.radians(12.0)
    shared[model.layout.camera][:2] = [pitch, 0.0]
    down = np.array([[0.0, np.cos(a), np.sin(a)] for a in (pitch, pitch, pitch + 0.5, np.nan)])
    sigma = np.array([0.05, 0.05, 50.0, 0.05])
    landmarks = Landmarks3D(
        np.zeros((4, 1, 3)), np.arange(4.0), ("Hip",), "camera", down=down, down_sigma=sigma
    )
    term = Gravity.of(landmarks, film_camera(model))
    assert term is not None
    assert term.cost(Linearization(model, State(state.q, shared))) == pytest.approx(0.0, abs=1e-8)
    shared[model.layout.camera][0] = 0.0
    assert term.cost(Linearization(model, State(state.q, shared))) > 2.0
    assert Gravity.of(Landmarks3D.empty(), film_camera(model)) is None


def test_the_farther_hip_is_drawn_lower(model: PersonModel, state: State) -> None:
    """The pair's points move apart along the trunk by the slope, a pixel at the person's distance."""
    K = len(model.points)
    camera, at = film_camera(model), Linearization(model, state)
    pixels, depth = camera.project(at.positions[:, :K], state.shared)
    habit = pair_habit(model.points, pixels, np.ones((4, K)))
    term = Reprojection(pixels, np.ones((4, K)), camera, np.ones(4), habit=habit)
    lower = term.residual(at)
    left, right = model.points.index("LHip"), model.points.index("RHip")
    apart = lower[:, right, 1] - lower[:, left, 1]
    focal = float(camera.focal_px(state.shared))
    expected = (
        FARTHER_LOWER["Hip"] * (depth[:, right] - depth[:, left]) * focal / depth[:, [left, right]].mean(1)
    )
    assert habit is not None
    np.testing.assert_allclose(apart, expected * habit.down[:, 1], rtol=0.02, atol=0.02)
    assert (lower[:, model.points.index("LAnkle")] == 0).all()


def test_a_shift_of_a_whole_frame_is_the_cameras(model: PersonModel, state: State) -> None:
    camera, at = film_camera(model), Linearization(model, state)
    pixels, _ = camera.project(at.positions[:, : len(model.points)], state.shared)
    sigma, shift_sigma = np.full(pixels.shape[:2], 3.0), np.full(4, 30.0)
    shifted, wild = pixels + [20.0, -10.0], pixels.copy()
    wild[:, 4] += 500.0
    alike, own = (
        ShakenReprojection(shifted, sigma, camera, np.ones(4), shift_sigma=shift_sigma),
        Reprojection(shifted, sigma, camera, np.ones(4)),
    )
    assert alike.cost(at) == pytest.approx(4 * 0.5 * (20**2 + 10**2) / 30**2, rel=0.1)
    assert own.cost(at) > 50 * alike.cost(at)
    assert ShakenReprojection(wild, sigma, camera, np.ones(4), shift_sigma=shift_sigma).cost(at) == (
        pytest.approx(Reprojection(wild, sigma, camera, np.ones(4)).cost(at), rel=0.01)
    )


def test_where_the_head_is_says_nothing_of_its_turn(model: PersonModel, state: State) -> None:
    """Points that are all shifted in the picture alike cost the same; points that are turned do not."""
    camera, (head, _) = film_camera(model), head_points(model.points)
    at = Linearization(model, state)
    xy = camera.project(at.positions, state.shared)[0][:, head]
    sigma, middle = np.full(xy.shape[:2], 5.0), xy.mean(1, keepdims=True)
    turned = middle + (xy - middle) * [0.7, 1.0]

    def cost(visible: np.ndarray) -> float:
        return HeadTurn(visible, sigma, camera, WEIGHT, points=head).cost(at)

    assert cost(xy + [40.0, -25.0]) == pytest.approx(0.0, abs=1e-9)
    assert cost(turned) > 0.1
