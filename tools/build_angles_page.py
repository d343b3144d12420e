"""Write docs/angles.md from the default skeleton: `python tools/build_angles_page.py [--draw]`.

With `--draw` its pictures too. Ranges come from the model. What is said of the positive direction names a point that
moves and where to; a test moves the skeleton and looks whether it does.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pase.anatomy.bones import load_bones, place_bone
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.anatomy.model import Coordinate, Landmark, Skeleton
from pase.data import Camera
from pase.view.names import coordinate_name

Array = NDArray[np.float64]

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "angles.md"
PICTURES = DOCS / "images" / "angles"

PANEL = (300, 260)
"""Width and height of one of the two panels of a picture, px."""
GROUND = (43, 54, 60)
INK = (235, 240, 242)
FAINT = 0.28
"""Opacity of the zero pose behind the moved one."""
DISTANCE_M = 30.0
"""The camera is so far away that perspective does not matter."""

FORWARD, UP, RIGHT = np.eye(3)
DIRECTIONS = {
    "forward": FORWARD, "backward": -FORWARD, "up": UP, "down": -UP, "to the right": RIGHT, "to the left": -RIGHT,
}  # fmt: skip
VIEWS = {
    "from the right": (-RIGHT, UP),
    "from the front": (-FORWARD, UP),
    "from behind": (FORWARD, UP),
    "from above": (-UP, FORWARD),
    "from above and in front": (-FORWARD - UP, UP),
    "from the front, aslant": (-FORWARD * 0.8 - RIGHT * 0.6 - UP * 0.3, UP),
    "from the right and behind": (np.sin(np.radians(40)) * FORWARD - np.cos(np.radians(40)) * RIGHT, UP),
}
"""Where the camera looks, and what is up in its picture."""


@dataclass(frozen=True)
class Movement:
    """One coordinate as it is shown."""

    name: str
    """The coordinate, without the side: the right one is drawn."""
    positive: str
    """What a positive value is called."""
    zero: str
    """The pose at zero."""
    moves: tuple[str, str]
    """A landmark that a positive value moves, and where to: one of `DIRECTIONS`."""
    value: float
    """What the second panel shows, degrees."""
    view: str
    focus: str
    """Landmark in the middle of the picture."""
    height_m: float
    """Height of what a panel shows."""
    held: Mapping[str, float] = field(default_factory=dict)
    """Other coordinates that are held at these values in both panels, degrees."""
    note: str = ""


BENT_ELBOW = {"elbow_flex": 90.0}

GROUPS: dict[str, tuple[Movement, ...]] = {
    "Pelvis": (
        Movement("pelvis_tilt", "backward tilt", "upright", ("Head", "backward"), 25, "from the right", "Hip", 2.1,
                 note="The trunk leans back with the pelvis; a forward tilt, as when bending over, is negative."),
        Movement("pelvis_list", "list to the right", "upright", ("Head", "to the right"), 20, "from behind", "Hip",
                 2.1, note="The right side of the pelvis drops."),
        Movement("pelvis_rotation", "turn to the left", "facing along X", ("RShoulder", "forward"), 40, "from above",
                 "Hip", 0.9, note="Counts on over full turns."),
    ),
    "Leg": (
        Movement("hip_flexion", "flexion", "thigh straight below an upright pelvis", ("RKnee", "forward"), 60,
                 "from the right", "RKnee", 1.75),
        Movement("hip_adduction", "adduction", "thigh straight down", ("RKnee", "to the left"), 20, "from the front",
                 "RKnee", 1.35, note="Abduction, away from the other leg, is negative."),
        Movement("hip_rotation", "internal rotation", "kneecap to the front", ("RBigToe", "to the left"), 35,
                 "from above and in front", "RKnee", 1.1, note="The kneecap and the toes turn inward."),
        Movement("knee_angle", "flexion", "straight leg", ("RAnkle", "backward"), 70, "from the right", "RKnee", 1.2,
                 note="Small negative values are a knee bent backward."),
        Movement("ankle_angle", "dorsiflexion", "foot at right angles to the shank", ("RBigToe", "up"), 25,
                 "from the right", "RAnkle", 0.5, note="Plantarflexion, toes down, is negative."),
        Movement("subtalar_angle", "inversion", "sole flat", ("RBigToe", "to the left"), 25, "from behind", "RAnkle",
                 0.3, note="The sole turns towards the other foot."),
        Movement("mtp_angle", "flexion, toes down", "toes flat", ("RBigToe", "down"), 30, "from the right", "RHeel",
                 0.5, note="Toes bent up, as at push-off, are negative."),
    ),
    "Trunk": (
        Movement("L5_S1_Flex_Ext", "extension", "straight spine", ("Neck", "backward"), 3.5, "from the right", "Hip",
                 2.2, note="Bending forward is negative."),
        Movement("L5_S1_Lat_Bending", "bending to the right", "straight spine", ("Neck", "to the right"), 2.5,
                 "from behind", "Hip", 2.2),
        Movement("L5_S1_axial_rotation", "turn to the left", "shoulders over the pelvis", ("RShoulder", "forward"), 6,
                 "from above", "Neck", 0.9),
    ),
    "Neck": (
        Movement("lower_neck_flexion", "extension", "neck upright", ("Head", "backward"), 30, "from the right",
                 "Neck", 0.75, note="Between the chest and the second vertebra. Despite its name: bending forward is "
                 "negative."),
        Movement("upper_neck_flexion", "extension, looking up", "head upright on the neck", ("Nose", "up"), 25,
                 "from the right", "Neck", 0.75, note="Between the second vertebra and the skull. A head that is "
                 "pushed forward has a negative lower and a positive upper angle."),
        Movement("lower_neck_bending", "bending to the right", "neck upright", ("Head", "to the right"), 30,
                 "from behind", "Neck", 0.75),
        Movement("upper_neck_bending", "bending to the right", "head upright on the neck", ("Head", "to the right"),
                 12, "from behind", "Neck", 0.75),
        Movement("neck_rotation", "turn to the left", "looking straight ahead", ("Nose", "to the left"), 45,
                 "from the front", "Neck", 0.75),
    ),
    "Arm": (
        Movement("arm_elevation", "up", "arm hanging", ("RElbow", "forward"), 90,
                 "from the right and behind", "RShoulder", 1.5,
                 note="In the vertical plane 40° to the side of straight ahead: 90° is shoulder height, "
                 "180° overhead, negative is behind the body."),
        Movement("arm_crossing", "across the chest", "arm in the plane of elevation", ("RElbow", "to the left"), 50,
                 "from above", "RShoulder", 1.6, held={"arm_elevation": 90.0},
                 note="Drawn with the arm at shoulder height (elevation 90°). Negative is out to the side and back."),
        Movement("arm_rotation", "internal rotation", "elbow crease to the front", ("RWrist", "to the left"), 50,
                 "from above", "RElbow", 0.9, held=BENT_ELBOW, note="Drawn with the elbow at 90°."),
        Movement("elbow_flex", "flexion", "straight arm", ("RWrist", "forward"), 90, "from the right", "RElbow", 0.9),
        Movement("pro_sup", "pronation", "full supination: palm to the front when the arm hangs",
                 ("RThumb", "to the left"), 90, "from above", "RWrist", 0.5, held=BENT_ELBOW,
                 note="Drawn with the elbow at 90°: at 0° the palm is up, at 90° the thumb, near 180° the back "
                 "of the hand."),
        Movement("wrist_flex", "palmar flexion", "hand in line with the forearm", ("RHand", "to the left"), 50,
                 "from the front", "RWrist", 0.5, note="Towards the palm; bending back is negative."),
        Movement("wrist_dev", "ulnar deviation", "hand in line with the forearm", ("RHand", "backward"), 25,
                 "from the right", "RWrist", 0.5, note="Towards the little finger; towards the thumb is negative."),
    ),
}  # fmt: skip

INTRODUCTION = """# Angles: units and signs

What the coordinates of the default skeleton mean, in `motion.mot`, `angles.csv`, the plots and the viewer: degrees in
these files, radians in Python. Every picture shows the skeleton at zero on the left and at a positive value on the
right, there with the zero pose behind it. Coordinates of the limbs end in `_r` or `_l`; the right one is drawn, and
equal values on the left are the mirror image. Standing, all coordinates are zero, but for the elbows (5°), the
forearms (90°: thumbs forward) and the height of the pelvis.

World: X forward, where person 1 faces in the first second; Y up, the floor at 0; Z to the right; metres.

No coordinate leaves its range in any frame. The ranges are those of healthy, athletic adults; the source of each
stands in `tools/ranges.py`. How the shoulder's three angles go together, with everyday poses:
[the default skeleton](skeleton.md#shoulder). `tools/build_angles_page.py` makes this page and its pictures.
"""


def page() -> str:
    """The page as Markdown."""
    skeleton = default_skeleton()
    sections = [INTRODUCTION, _table(skeleton)]
    for group, movements in GROUPS.items():
        sections.append(f"## {group}\n")
        sections += [_section(skeleton, movement) for movement in movements]
        if group == "Pelvis":
            sections.append(_PLACE)
    return "\n".join(sections)


_PLACE = """### pelvis_tx, pelvis_ty, pelvis_tz

Where the pelvis is in the world, in metres: forward, up, to the right. The origin of the body `pelvis` lies midway
between the front upper spines of the hip bones.
"""


def _table(skeleton: Skeleton) -> str:
    rows = [
        f"| [`{m.name}`](#{m.name.lower()}) | {m.positive} | {_range(skeleton, m)} | {m.zero} |"
        for movements in GROUPS.values()
        for m in movements
    ]
    return "\n".join(["| coordinate | positive | range | at zero |", "|---|---|---|---|", *rows]) + "\n"


def _section(skeleton: Skeleton, movement: Movement) -> str:
    coordinate = coordinate_of(skeleton, movement)
    plain, side = coordinate_name(coordinate.name)
    names = f"`{movement.name}_r`, `{movement.name}_l`" if side else f"`{movement.name}`"
    point, direction = movement.moves
    facts = [
        f"**{plain}**, in OpenSim {names}.",
        f"Range {_range(skeleton, movement)}; 0: {movement.zero}.",
        f"Positive: {movement.positive} ({_POINTS.get(point, point)} moves {direction}).",
        *([movement.note] if movement.note else []),
    ]
    trunk = _whole_trunk(skeleton, coordinate)
    if trunk:
        facts.append(
            f"It is the share of the lowest joint of the spine: the joints above follow, and the whole trunk bends "
            f"{trunk:.2f} times as much, so that the range is {_range(skeleton, movement, trunk)} of the trunk."
        )
    alt = f"{plain}: 0 and {_shown(skeleton, movement)}, seen {movement.view}"
    return (
        f"### {movement.name}\n\n"
        f"![{alt}](images/angles/{movement.name}.webp){{ .drawing width={PANEL[0] * 2} height={PANEL[1]} }}\n\n"
        + "\n".join(facts)
        + f" Seen {movement.view}.\n"
    )


_POINTS = {
    "Head": "the head", "RShoulder": "the right shoulder", "RKnee": "the right knee", "RBigToe": "the right big toe",
    "RAnkle": "the right ankle", "Neck": "the neck", "Nose": "the nose",
    "RElbow": "the right elbow", "RWrist": "the right wrist", "RThumb": "the right thumb",
    "RHand": "the right fingertips",
}  # fmt: skip


def coordinate_of(skeleton: Skeleton, movement: Movement) -> Coordinate:
    """The drawn coordinate of a movement: the right one where there are two."""
    name = movement.name if movement.name in skeleton.free_names else f"{movement.name}_r"
    return skeleton.free_coordinates[skeleton.coordinate_index(name)]


def _range(skeleton: Skeleton, movement: Movement, factor: float = 1.0) -> str:
    low, high = factor * np.degrees(coordinate_of(skeleton, movement).range)
    if high - low > 720:
        return "any"
    decimals = 1 if factor == 1 and not np.isclose(low, round(low)) else 0
    return f"{_signed(low, decimals)}\u00a0to\u00a0{_signed(high, decimals)}"


def _signed(degrees: float, decimals: int = 0) -> str:
    return f"{degrees:.{decimals}f}°".replace("-", "−")


def _whole_trunk(skeleton: Skeleton, coordinate: Coordinate) -> float:
    """How many times as much the whole trunk turns, sacrum to thorax; 0 for what is no coordinate of the spine."""
    if not coordinate.name.startswith("L5_S1"):
        return 0.0
    zero = skeleton.default_q
    moved = zero.copy()
    moved[skeleton.coordinate_index(coordinate.name)] += 0.01
    turn = Kinematics(skeleton).pose(np.stack([zero, moved])).rotation[:, skeleton.body_index("torso")]
    return float(np.arccos((np.trace(turn[0].T @ turn[1]) - 1) / 2)) / 0.01


def marked_skeleton() -> Skeleton:
    """The default skeleton with landmarks on the right thumb and fingertips besides."""
    skeleton = default_skeleton()
    hand = skeleton.bodies[skeleton.body_index("hand_r")]
    surfaces = load_bones(skeleton)
    added = []
    for name, file in (("RThumb", "thumb_distal_rvs.vtp"), ("RHand", "middle_distal_rvs.vtp")):
        mesh = next(mesh for mesh in hand.meshes if mesh.file == file)
        centre = place_bone(surfaces[file], mesh, np.ones(3)).vertices.mean(axis=0)
        added.append(Landmark(name, hand.name, (float(centre[0]), float(centre[1]), float(centre[2]))))
    return skeleton.with_landmarks([*skeleton.landmarks, *added])


def poses(skeleton: Skeleton, movement: Movement) -> Array:
    """(2, n) the pose at zero and the one that is shown, rad and m."""
    q = np.stack([skeleton.default_q] * 2)
    for name, degrees in movement.held.items():
        q[:, skeleton.coordinate_index(f"{name}_r")] = np.radians(degrees)
    column = skeleton.coordinate_index(coordinate_of(skeleton, movement).name)
    q[:, column] = 0.0, np.radians(movement.value)
    return q


def draw(skeleton: Skeleton, movement: Movement) -> Image.Image:
    """The two panels: zero, and the positive value over a faint zero."""
    from pase.view.scene import Renderer

    q = poses(skeleton, movement)
    middle = Kinematics(skeleton).positions(q[:1])[0, skeleton.landmark_index(movement.focus)]
    with Renderer([skeleton], _camera(movement, middle)) as renderer:
        zero, moved = (Image.fromarray(renderer.draw([posture]), "RGBa").convert("RGBA") for posture in q)
    width, height = PANEL
    sheet = Image.new("RGBA", (2 * width, height), GROUND)
    ghost = zero.copy()
    ghost.putalpha(zero.getchannel("A").point(lambda alpha: int(FAINT * alpha)))
    for left, layers in ((0, (zero,)), (width, (ghost, moved))):
        for layer in layers:
            sheet.alpha_composite(layer, (left, 0))
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(20)
    pen.text((12, 10), "0°", INK, font)
    pen.text((width + 12, 10), f"+{_shown(skeleton, movement)}", INK, font)
    pen.line((width, 0, width, height), (90, 102, 108))
    return sheet.convert("RGB")


def _shown(skeleton: Skeleton, movement: Movement) -> str:
    """The drawn value; for the spine, that of the whole trunk beside it."""
    trunk = _whole_trunk(skeleton, coordinate_of(skeleton, movement))
    plain = f"{movement.value:g}°"
    return f"{plain} (trunk {trunk * movement.value:.0f}°)" if trunk else plain


def _camera(movement: Movement, middle: Array) -> Camera:
    """A far camera that looks at a point and shows `height_m` around it."""
    look, up = (np.asarray(v, float) for v in VIEWS[movement.view])
    look = look / np.linalg.norm(look)
    right = np.cross(look, up) / np.linalg.norm(np.cross(look, up))
    rotation = np.stack([right, np.cross(look, right), look])
    width, height = PANEL
    return Camera(
        height * DISTANCE_M / movement.height_m,
        (width / 2, height / 2),
        rotation,
        -rotation @ (middle - DISTANCE_M * look),
        PANEL,
    )


def main() -> None:
    """Write the page, and its pictures when asked to."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    if "--draw" in sys.argv[1:]:
        PICTURES.mkdir(parents=True, exist_ok=True)
        skeleton = marked_skeleton()
        for movement in (m for movements in GROUPS.values() for m in movements):
            draw(skeleton, movement).save(PICTURES / f"{movement.name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
