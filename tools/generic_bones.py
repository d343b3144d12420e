"""Lengths of the unscaled model and of its bones, of which `build_proportions.py` makes scales."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyvista
from neck import SEGMENTS
from numpy.typing import NDArray

Array = NDArray[np.float64]


def joint_offset(model: ET.Element, joint: str, end: str) -> Array:
    """Translation (3,) of the parent's or the child's frame of a joint of the generic model."""
    node = next(j for j in model.iter() if j.get("name") == joint and j.find("frames") is not None)
    frames = node.findall("./frames/PhysicalOffsetFrame")
    socket = node.findtext(f"socket_{end}_frame")
    frame = next(f for f in frames if f.get("name") == socket)
    return np.array([float(x) for x in (frame.findtext("translation") or "").split()])


def mesh_points(setup: Path, name: str) -> Array:
    """Vertices (V, 3) of a bone mesh."""
    return np.asarray(pyvista.read(setup / "Geometry" / name).points, float)


def generic_joints(setup: Path) -> dict[str, float]:
    """Joint-to-joint distances and the vertical stack of the neutral pose of the unscaled model (m)."""
    model = ET.parse(setup / "Model_Pose2Sim_muscles_flex.osim").getroot()

    def at(joint: str, end: str = "parent") -> Array:
        return joint_offset(model, joint, end)

    hip, femur, mtp = at("hip_r"), at("walker_knee_r"), at("mtp_r")
    tibia = at("ankle_r") - at("walker_knee_r", "child")
    chain = [
        "L5_S1_IVDjnt",
        "L4_L5_IVDjnt",
        "L3_L4_IVDjnt",
        "L2_L3_IVD_jnt",
        "L1_L2_IVD_jnt",
        "L1_T12_IVD_jnt",
    ]
    steps = zip(chain, chain[1:], strict=False)
    spine = sum(at(upper)[1] - at(lower, "child")[1] for lower, upper in steps) - at(chain[-1], "child")[1]
    condyles = SEGMENTS[-1].centre[1]
    head = at("head_torso")[1] - at("head_torso", "child")[1]
    soles = [
        mesh_points(setup, "foot.vtp")[:, 1].min(),
        mtp[1] + mesh_points(setup, "bofoot.vtp")[:, 1].min(),
    ]
    return {
        "hip_width": 2 * hip[2],
        "shoulder_width": 2 * at("acromial_r")[2],
        "thigh": length(femur),
        "shank": length(tibia),
        "foot": length(mtp),
        "upper_arm": length(at("elbow_r")),
        "forearm": length(at("radioulnar_r") + at("radius_hand_r")),
        "stack_foot": -at("subtalar_r")[1] - min(soles),
        "stack_shank": -tibia[1],
        "stack_thigh": -femur[1],
        "stack_pelvis": at("sacrumjnt")[1] + at(chain[0])[1] - hip[1],
        "stack_trunk": spine + condyles,
        "stack_head": mesh_points(setup, "skull.vtp")[:, 1].max() + head - condyles,
        "shoulder_in_trunk": spine + at("acromial_r")[1],
        "hip_in_pelvis": -hip[1],
        "toe_joint": mtp[0],
    }


def generic_bones(setup: Path, joints: dict[str, float]) -> dict[str, float]:
    """Sizes (m) of the unscaled generic bones that have a measured counterpart."""
    skull, femur = mesh_points(setup, "skull.vtp"), mesh_points(setup, "femur_r.vtp")
    tibia, humerus = mesh_points(setup, "tibia_r.vtp"), mesh_points(setup, "humerus_rv.vtp")
    pelvis, radius = mesh_points(setup, "r_pelvis.vtp"), mesh_points(setup, "radius_rv.vtp")
    foot, toes = mesh_points(setup, "foot.vtp"), mesh_points(setup, "bofoot.vtp")
    glabella = skull[(skull[:, 1] > 0.065) & (skull[:, 1] < 0.09), 0].max()
    ear_height = mesh_points(setup, "jaw.vtp")[:, 1].max()  # the jaw's condyle lies just before the ear canal
    return {
        "crest_over_hip": pelvis[:, 1].max() + joints["hip_in_pelvis"],
        "pelvis_height": float(np.ptp(pelvis[:, 1])),
        "pelvis_breadth": 2 * pelvis[:, 2].max(),
        "head_depth": glabella - skull[:, 0].min(),
        "head_breadth": 2 * skull[:, 2].max(),
        "vertex_over_ear": skull[:, 1].max() - ear_height,
        "heel_to_ball": joints["toe_joint"] - foot[:, 0].min(),
        "foot_length": joints["toe_joint"] + toes[:, 0].max() - foot[:, 0].min(),
        "foot_breadth": float(np.ptp(toes[:, 2])),
        "rib_depth": float(np.ptp(mesh_points(setup, "hat_ribs_scap.vtp")[:, 0])),
        "hand_length": 0.180,  # along the bones of the middle finger, which the model holds bent
        "hand_breadth": 0.059,  # second to fifth metacarpal
        "femur": float(np.ptp(femur[:, 1])),
        "femur_breadth": float(np.ptp(femur[femur[:, 1] < -0.38, 2])),
        "tibia": float(np.ptp(tibia[:, 1])),
        "tibia_breadth": float(np.ptp(tibia[tibia[:, 1] > -0.06, 2])),
        "humerus": float(np.ptp(humerus[:, 1])),
        "humerus_breadth": float(np.ptp(humerus[humerus[:, 1] < -0.26, 2])),
        "radius": float(np.ptp(radius[:, 1])),
    }


def length(vector: Array) -> float:
    """Euclidean norm."""
    return float(np.linalg.norm(vector))
