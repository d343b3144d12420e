"""Which key postures follow one another, and how often."""

from collections.abc import Callable

from tools.train_lifter import exercises, floor_postures, held_postures, postures
from tools.train_lifter.postures import Key, Rng

POSTURES: dict[str, Callable[[Rng], Key]] = {
    f.__name__: f
    for f in (
        postures.stand, postures.press, postures.astride, postures.squat, postures.sit, postures.rise,
        postures.lunge, postures.bend, postures.reach, postures.kick, postures.kneel, postures.sit_on_floor,
        postures.lie, postures.on_hands,
        exercises.arms_aside, exercises.tree, exercises.triangle, exercises.side_bend, exercises.deadlift,
        exercises.row, exercises.punch, exercises.throw, exercises.dance, exercises.sit_at_ease,
        floor_postures.knees_up, floor_postures.bridge, floor_postures.sit_up, floor_postures.push_up,
        floor_postures.downward_dog, floor_postures.cobra,
        held_postures.on_one_leg, held_postures.tandem, held_postures.half_squat, held_postures.on_toes,
        held_postures.pointed, held_postures.on_step, held_postures.chair,
    )
}  # fmt: skip

EVERYDAY: tuple[tuple[tuple[str, ...], float], ...] = (
    (("stand", "squat"), 0.17), (("sit", "rise", "stand", "rise"), 0.12), (("stand", "lunge"), 0.11),
    (("stand", "bend"), 0.09),
    (("reach",), 0.08), (("stand", "kick"), 0.09), (("kick",), 0.04), (("stand", "squat", "bend", "reach"), 0.05),
    (("stand", "kneel"), 0.05), (("sit_on_floor", "kneel"), 0.03), (("sit_on_floor", "lie"), 0.04), (("lie",), 0.05),
    (("on_hands",), 0.03), (("kneel", "on_hands"), 0.01), (("stand",), 0.14), (("sit",), 0.04),
    (("stand", "press"), 0.05), (("press",), 0.04), (("stand", "astride"), 0.04), (("astride",), 0.04),
)  # fmt: skip
"""Kinds of key postures in turn, and how often such a chain is made."""

EXERCISES: tuple[tuple[tuple[str, ...], float], ...] = (
    (("stand", "arms_aside"), 0.10), (("arms_aside",), 0.12), (("arms_aside", "triangle"), 0.03),
    (("arms_aside", "astride"), 0.03), (("stand", "tree"), 0.04), (("tree",), 0.02), (("side_bend",), 0.03),
    (("stand", "deadlift"), 0.05), (("row",), 0.02), (("deadlift", "row"), 0.02), (("punch",), 0.04),
    (("throw",), 0.03), (("dance",), 0.05),
    (("sit_at_ease",), 0.08), (("sit_at_ease", "rise", "stand", "rise"), 0.06),
    (("knees_up",), 0.07), (("knees_up", "bridge"), 0.04), (("knees_up", "sit_up"), 0.05),
    (("stand", "knees_up", "sit_up", "kneel"), 0.04), (("push_up",), 0.03),
    (("push_up", "downward_dog", "cobra"), 0.03), (("lie",), 0.04), (("sit_on_floor", "knees_up"), 0.02),
    (("bend", "on_hands", "push_up"), 0.01),
)  # fmt: skip
"""Chains of gymnastics, weights, play and rest."""

HELD: tuple[tuple[tuple[str, ...], float], ...] = (
    (("tandem", "on_one_leg"), 0.14), (("on_one_leg",), 0.10), (("tandem",), 0.06), (("half_squat",), 0.25),
    (("stand", "half_squat"), 0.25), (("half_squat", "squat"), 0.10), (("stand", "on_toes"), 0.06),
    (("on_toes", "pointed"), 0.06), (("pointed",), 0.06), (("stand", "on_step"), 0.06), (("on_step",), 0.06),
    (("chair",), 0.10), (("chair", "rise", "stand", "rise"), 0.10),
)  # fmt: skip
"""Chains of balance, half squats, toes, steps and chairs."""

CHAINS = EVERYDAY + EXERCISES + HELD
OWN_FEET = ("lunge", "astride", "arms_aside", "triangle", "punch", "throw", "tandem", "on_step", "chair")
"""Postures whose feet stand where they say, not where those of the posture before stood."""
