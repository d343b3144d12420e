"""Kinds of movement; the command line needs their names, and must not wait for NumPy."""

from typing import Literal

NamedMovement = Literal[
    "walking", "running", "jump", "squat", "sit_to_stand", "lunge", "arm_raise", "periodic", "other"
]  # fmt: skip
"""Movements that a user can name."""
Movement = Literal[NamedMovement, "standing"]
MOVEMENTS: dict[Movement, str] = {
    "walking": "Walking", "running": "Running", "jump": "Jumps", "squat": "Squats",
    "sit_to_stand": "Standing up and sitting down", "lunge": "Lunges", "arm_raise": "Arm raises",
    "periodic": "A movement that repeats", "standing": "Standing", "other": "Another movement",
}  # fmt: skip
"""Kinds of movement, and how a page calls them."""
