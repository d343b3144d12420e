"""Measures of bodies whose joints were placed by hand, so that the right value can be worked out."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.motions import gait, jump, posed
from pase.analysis import analyse
from pase.analysis.analyse import segment
from pase.analysis.body import BodyMotion
from pase.analysis.exercise_measures import measure_exercises
from pase.analysis.exercises import find_exercises
from pase.analysis.measure import Key, Values
from pase.analysis.ranges import measure_reach
from pase.analysis.stretch import stretches
from pase.movements import Movement

Array = NDArray[np.float64]


def placed(time: Array, hip_height: Array, knee_inward: Array) -> BodyMotion:
    """Somebody whose hips go up and down over feet that stand; the knees bend by 70° per 0.4 m and go inward."""
    down = 0.92 - hip_height
    origin, rotation = {}, {}
    still = np.broadcast_to(np.eye(3), (len(time), 3, 3))
    for side, z in (("r", 0.1), ("l", -0.1)):
        knee = np.stack([0.3 * down, 0.5 - 0.25 * down, z - np.sign(z) * knee_inward], axis=1)
        origin |= {
            f"femur_{side}": np.stack([0 * time, hip_height, 0 * time + z], axis=1),
            f"tibia_{side}": knee,
            f"talus_{side}": np.tile([0, 0.08, z], (len(time), 1)),
            f"calcn_{side}": np.tile([-0.05, 0.01, z], (len(time), 1)),
            f"toes_{side}": np.tile([0.13, 0.01, z], (len(time), 1)),
        }
        bend = -np.radians(70 / 0.4) * down
        turn = still.copy()
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(bend)
        turn[:, 1, 0], turn[:, 0, 1] = np.sin(bend), -np.sin(bend)
        rotation |= {f"femur_{side}": still, f"tibia_{side}": turn}
    middle = 0.5 * (origin["femur_r"] + origin["femur_l"])
    rotation |= {"pelvis": still, "torso": still}
    return BodyMotion(time, rotation, {**origin, "pelvis": middle, "torso": middle + [0, 0.2, 0]}, middle)


def exercised(body: BodyMotion, movement: Movement) -> Values:
    return measure_exercises(
        [exercise for stretch in stretches(body) for exercise in find_exercises(stretch, movement)]
    )


def ramp(time: Array, start: float, seconds: float) -> Array:
    return np.clip((time - start) / seconds, 0, 1)


@pytest.mark.parametrize("seconds", [19.0, 16.4])
def test_five_times_sit_to_stand(seconds: float) -> None:
    """The shorter recording ends while the person stands for the fifth time."""
    time = np.arange(0, seconds, 0.01)
    up = sum(ramp(time, 1 + 3.5 * i, 1.0) - ramp(time, 2.5 + 3.5 * i, 1.0) for i in range(5))
    values = exercised(placed(time, 0.5 + 0.4 * np.asarray(up), 0 * time), "sit_to_stand")
    assert values[Key("repetitions", "", 0)] == 5
    # From a tenth to nine tenths of a rise that takes a second.
    assert values[Key("stand_up_time", "", 1)] == pytest.approx(0.8, abs=0.02)
    assert values[Key("five_times_sit_to_stand", "", 0)] == pytest.approx(4 * 3.5 + 0.8, abs=0.03)


def test_who_stands_sits_down_and_stands_up_again_has_stood_up_once() -> None:
    time = np.arange(0, 6, 0.01)
    seated = ramp(time, 1, 1) - ramp(time, 4, 1)
    body = placed(time, 0.92 - 0.42 * seated, 0 * time)
    behind = replace(body, mass_center=np.stack([-0.2 * seated, 0.9 - 0.3 * seated, 0 * time], axis=1))
    segmentation = segment(behind)
    assert segmentation.movement == "sit_to_stand"
    assert segmentation.values()[Key("stand_up_time", "", 1)] == pytest.approx(0.8, abs=0.03)
    assert Key("repetition_time", "", 1) not in segmentation.values()
    assert [event.event for event in segmentation.events()] == ["repetition_start"]
    assert segment(body).movement == "squat"


def test_who_rises_over_feet_that_go_round_is_no_sitter() -> None:
    """A cyclist out of the saddle."""
    time = np.arange(0, 6, 0.01)
    seated = ramp(time, 1, 1) - ramp(time, 4, 1)
    body = placed(time, 0.92 - 0.42 * seated, 0 * time)
    pedals = {}
    for side, sign in (("r", 1), ("l", -1)):
        around = np.outer(0.17 * sign * np.sin(7 * time), [1, 0, 0]) + np.outer(
            0.03 * np.cos(7 * time), [0, 1, 0]
        )
        pedals |= {
            name: body.origin[name] + around for name in (f"talus_{side}", f"calcn_{side}", f"toes_{side}")
        }
    behind = np.stack([-0.2 * seated, 0.9 - 0.3 * seated, 0 * time], axis=1)
    cyclist = replace(body, mass_center=behind, origin={**body.origin, **pedals})
    assert segment(replace(body, mass_center=behind)).movement == "sit_to_stand"
    assert segment(cyclist).movement != "sit_to_stand"


def pedalling(time: Array, seconds: float) -> BodyMotion:
    """Somebody in a saddle, whose feet go round and whose knees take turns."""
    body = placed(time, 0.6 + 0 * time, 0 * time)
    origin, rotation = dict(body.origin), dict(body.rotation)
    for side, phase in (("r", 0.0), ("l", np.pi)):
        turn = 2 * np.pi * time / seconds + phase
        around = 0.17 * np.stack([-np.cos(turn), 1 + np.sin(turn), 0 * time], axis=1)
        origin |= {name: origin[name] + around for name in (f"talus_{side}", f"calcn_{side}", f"toes_{side}")}
        bend = -np.radians(75 + 35 * np.sin(turn))
        bent = np.broadcast_to(np.eye(3), (len(time), 3, 3)).copy()
        bent[:, 0, 0] = bent[:, 1, 1] = np.cos(bend)
        bent[:, 1, 0], bent[:, 0, 1] = np.sin(bend), -np.sin(bend)
        rotation[f"tibia_{side}"] = bent
    return replace(body, origin=origin, rotation=rotation)


def test_who_turns_pedals_neither_runs_on_a_belt_nor_squats() -> None:
    segmentation = segment(pedalling(np.arange(0, 6, 0.02), 0.8))
    assert segmentation.movement == "periodic"
    assert not segmentation.other_movements


def test_knees_that_take_turns_make_no_squat() -> None:
    time = np.arange(0, 5, 0.02)
    phase = 0.5 - 0.5 * np.cos(2 * np.pi * np.clip(time - 0.5, 0, 4))
    body, opposite = placed(time, 0.92 - 0.2 * phase, 0 * time), placed(time, 0.72 + 0.2 * phase, 0 * time)
    turns = replace(body, rotation={**body.rotation, "tibia_l": opposite.rotation["tibia_l"]})
    assert segment(body).movement == "squat"
    assert segment(turns).movement != "squat"


def test_who_gets_up_faster_than_anybody_from_a_seat_was_not_sitting() -> None:
    """As in the catch of a clean, where the bar in front holds the balance."""
    time = np.arange(0, 6, 0.01)
    for seconds, sits in ((0.8, True), (0.3, False)):
        low = ramp(time, 1, 1) - ramp(time, 4, seconds)
        body = placed(time, 0.92 - 0.42 * low, 0 * time)
        behind = replace(body, mass_center=np.stack([-0.2 * low, 0.9 - 0.3 * low, 0 * time], axis=1))
        assert (segment(behind).movement == "sit_to_stand") == sits


def test_who_holds_the_knees_half_bent_does_not_stand() -> None:
    time = np.arange(0, 2, 0.02)
    assert segment(placed(time, 0.92 - 0.3 + 0 * time, 0 * time)).movement == "other"


def test_a_leg_that_is_raised_is_no_squat() -> None:
    time = np.arange(0, 4, 0.02)
    body = placed(time, 0.92 + 0 * time, 0 * time)
    up = 0.5 * np.sin(np.pi * np.clip((time - 1) / 2, 0, 1)) ** 2
    bent = np.radians(180) * up[:, None, None] * np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]])
    lifted = {name: body.origin[name] + np.outer(up, [0, 1, 0]) for name in ("talus_r", "calcn_r", "toes_r")}
    raised = replace(
        body,
        origin={**body.origin, **lifted},
        rotation={**body.rotation, "tibia_r": np.eye(3) + bent},
    )
    assert segment(raised).movement != "squat"


def test_feet_that_jump_apart_make_no_squat() -> None:
    time = np.arange(0, 5, 0.02)
    phase = 0.5 - 0.5 * np.cos(2 * np.pi * np.clip(time - 0.5, 0, 4))
    body = placed(time, 0.92 - 0.2 * phase, 0 * time)
    apart = {
        name: place + np.outer(np.round(phase), [0, 0, 0.4 if name.endswith("_r") else -0.4])
        for name, place in body.origin.items()
        if name.startswith(("talus", "calcn", "toes"))
    }
    assert segment(body).movement == "squat"
    assert segment(replace(body, origin={**body.origin, **apart})).movement != "squat"


def test_who_lies_still_does_not_stand() -> None:
    time = np.arange(0, 2, 0.02)
    for height, movement in ((0.92, "standing"), (0.3, "other")):
        assert segment(placed(time, height + 0 * time, 0 * time)).movement == movement


def test_knees_that_go_inward_in_a_squat() -> None:
    time = np.arange(0, 4, 0.02)
    down = np.sin(np.pi * np.clip((time - 1) / 2, 0, 1)) ** 2
    values = exercised(placed(time, 0.92 - 0.4 * down, 0.04 * down), "squat")
    # Lowest: hip at 0.52, knee at 0.40, ankle at 0.08 m; the knee is 0.04 m inside of both.
    expected = np.degrees(np.arctan(0.04 / 0.12) + np.arctan(0.04 / 0.32))
    for side in ("right", "left"):
        assert values[Key("knee_valgus_peak", side, 1)] == pytest.approx(expected, abs=0.2)
    assert values[Key("squat_depth", "", 1)] == pytest.approx(70, abs=0.5)
    assert values[Key("hip_drop", "", 1)] == pytest.approx(0.4 * 0.9, abs=0.02)


def test_the_front_leg_tells_the_depth_of_a_lunge() -> None:
    time = np.arange(0, 4, 1 / 30)
    bend = np.sin(np.pi * np.clip((time - 0.8) / 2.4, 0, 1)) ** 2
    motion = posed(
        time, hip_flexion_r=80 * bend, knee_angle_r=90 * bend, hip_flexion_l=-20 * bend, knee_angle_l=60 * bend
    )  # fmt: skip
    body = BodyMotion.of(motion)
    low = np.min([body.joint("ankle", side)[:, 1] for side in ("right", "left")], axis=0)
    motion.q[:, motion.skeleton.coordinate_index("pelvis_ty")] -= low - low[0]
    findings = analyse(motion)
    assert findings.movement == "lunge"
    depth = findings.measure("lunge_depth", "right")
    assert depth is not None and depth.value == pytest.approx(90, abs=3.5)
    assert findings.measure("lunge_depth", "left") is None


def test_knees_at_landing() -> None:
    body = jump(height_m=0.3, rate_hz=120.0)
    landing = 1 + np.sqrt(8 * 0.3 / 9.81)
    after = np.clip((body.time - landing + 0.05) / 0.05, 0, 1)
    bend = -np.radians(30.0) * after
    turn = np.tile(np.eye(3), (len(body), 1, 1))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(bend)
    turn[:, 1, 0], turn[:, 0, 1] = np.sin(bend), -np.sin(bend)
    body.rotation["tibia_r"] = turn  # type: ignore[index]
    body.origin["tibia_r"][:, 2] -= 0.05 * after
    values = segment(body).values()
    # Hip, knee and ankle are 0.42 m above each other, the knee 0.05 m inside.
    assert values[Key("knee_valgus_at_landing", "right", 1)] == pytest.approx(
        2 * np.degrees(np.arctan(0.05 / 0.42)), abs=0.1
    )
    assert values[Key("knee_valgus_at_landing", "left", 1)] == pytest.approx(0, abs=1e-6)
    assert values[Key("knee_flexion_at_landing", "right", 1)] == pytest.approx(30, abs=9)
    assert values[Key("knee_flexion_at_landing", "left", 1)] == pytest.approx(0, abs=1e-6)


def test_uneven_times_say_so() -> None:
    body = gait(
        speed=1.2,
        stride_s=1.1,
        stance_s=0.68,
        width_m=0.1,
        rate_hz=100,
        seconds=7,
        left_after_s=0.45,
        left_stance_s=0.72,
    )
    values = segment(body).values()
    assert values[Key("step_time", "left", 0)] == pytest.approx(0.45, abs=0.01)
    assert values[Key("step_time", "right", 0)] == pytest.approx(0.65, abs=0.01)
    assert values[Key("step_time_symmetry", "", 0)] == pytest.approx(200 * (0.65 - 0.45) / 1.1, abs=3)
    assert values[Key("stance_time_symmetry", "", 0)] == pytest.approx(200 * (0.68 - 0.72) / 1.40, abs=2)


def test_reach() -> None:
    body = placed(np.arange(3) / 30, np.full(3, 0.9), np.zeros(3))
    hand = np.array([[0.2, 1.0, 0.3], [0.6, 1.5, 0.3], [0.4, 1.6, 0.3]])
    reach = measure_reach(BodyMotion(body.time, body.rotation, {**body.origin, "hand_r": hand}))
    assert reach == {Key("reach_height", "right", 0): 1.6, Key("reach_forward", "right", 0): 0.6}
    on_a_stand = {name: place + [0.0, 2.0, 0.0] for name, place in {**body.origin, "hand_r": hand}.items()}
    assert set(measure_reach(replace(body, origin=on_a_stand))) == {Key("reach_forward", "right", 0)}
    lies = {**body.origin, "hand_r": hand}
    for shoulder, reaches in (([0.1, 1.4, 0.0], True), ([0.5, 0.9, 0.0], False)):
        lies |= {f"humerus_{side}": np.tile(shoulder, (3, 1)) for side in "rl"}
        assert bool(measure_reach(replace(body, origin=lies))) is reaches
