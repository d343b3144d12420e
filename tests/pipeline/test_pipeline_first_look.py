"""What is said and shown of a recording before there is a result."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pase.anatomy.default import default_skeleton
from pase.anatomy.keypoints import keypoint_landmarks
from pase.anatomy.kinematics import Kinematics
from pase.camera.angle_of_view import LensPrior
from pase.config import Settings
from pase.data import HALPE26
from pase.media import Frame
from pase.pipeline.first_look import FirstLook, Look
from pase.pipeline.recording import find_people
from pase.pose2d.keypoints import Pose
from pase.progress import Bars
from pase.types import Array

SIZE, FOCAL = (1280, 720), 1000.0
LENS = LensPrior(FOCAL)
SQUAT = {"hip_flexion": 95, "knee_angle": 110, "ankle_angle": 20, "pelvis_tilt": -25}


class Notes:
    """Notes every look."""

    watching = True

    def __init__(self) -> None:
        self.looks: list[Look] = []

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Nothing to do."""

    def show(self, look: Look) -> None:
        self.looks.append(look)


def pose_of(angles_deg: dict[str, float], *, lying: bool = False, distance_m: float = 4.0) -> Pose:
    """Keypoints of a person 1.75 m tall before a level camera, turned half to the side."""
    skeleton = default_skeleton()
    q = skeleton.default_q.copy()
    for name, value in angles_deg.items():
        for side in ("", "_r", "_l"):
            if name + side in skeleton.free_names:
                q[skeleton.coordinate_index(name + side)] = np.radians(value)
    q[skeleton.coordinate_index("pelvis_rotation")] = -0.8
    p_world = Kinematics(skeleton, keypoint_landmarks(HALPE26)).positions(q[None])[0]
    p_world -= p_world[HALPE26.index("Hip")]
    right, down, away = p_world[:, 0], -p_world[:, 1], -p_world[:, 2]
    if lying:
        right, down = -down, right
    p_camera: Array = np.stack([right, down, away], axis=1) + [0.0, 0.3, distance_m]
    xy = FOCAL * p_camera[:, :2] / p_camera[:, 2:] + np.array(SIZE) / 2
    return Pose(xy, np.full(26, 0.9), np.ones((26, 2)))


def look_at(*poses: Pose) -> Look:
    notes = Notes()
    FirstLook(notes, LENS, SIZE)(Frame(0, 0.0, np.zeros((*SIZE[::-1], 3), np.uint8)), poses)
    (look,) = notes.looks
    return look


@pytest.mark.parametrize(
    ("angles_deg", "lying", "posture"),
    [({}, False, "upright"), (SQUAT, False, "sitting or squatting"), ({}, True, "lying")],
)
def test_the_posture_is_told(angles_deg: dict[str, float], lying: bool, posture: str) -> None:
    (person,) = look_at(pose_of(angles_deg, lying=lying)).persons
    assert person.posture == posture
    head, foot = (person.side_view[HALPE26.index(name)] for name in ("Head", "LHeel"))
    assert (foot - head)[1] > 100 or lying


def test_several_persons_are_told_in_one_line_the_largest_first() -> None:
    look = look_at(pose_of({}, distance_m=8.0), pose_of(SQUAT, distance_m=3.0))
    words = look.sentence().split(": ", 1)[1].split("; ")
    assert look.sentence().startswith("2 persons: ") and words == ["sitting or squatting", "upright"]
    assert look_at(*[pose_of({})] * 5).sentence().endswith("; …")


def test_a_second_look_waits() -> None:
    notes = Notes()
    first_look = FirstLook(notes, LENS, SIZE)
    frame = Frame(0, 0.0, np.zeros((4, 4, 3), np.uint8))
    first_look(frame, [])
    for _ in range(3):
        first_look(frame, [pose_of({})])
    assert len(notes.looks) == 1


def test_a_film_is_looked_at_while_its_keypoints_are_placed(
    two_people_clip: Path, networks: tuple[Path, Path]
) -> None:
    notes = Notes()
    find_people(two_people_clip, Settings(), notes)
    first = notes.looks[0]
    assert first.frame.index == 0
    assert first.sentence().startswith("2 persons: upright")


def test_a_terminal_shows_the_sentence_and_a_file_nothing() -> None:
    look = look_at(pose_of({}))
    with Bars() as bars:
        assert not bars.watching
        bars.show(look)
        console = Console(width=100)
        with console.capture() as captured:
            console.print(bars._bars.get_renderable())
    assert look.sentence() in captured.get()
    assert not bars._bars.sentence, "the result tells it better"
