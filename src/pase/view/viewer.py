"""The viewer: one HTML file with the bones in 3D, the footage and the curves, which needs nothing else."""

import base64
import gzip
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pase.analysis.angles import angle_of
from pase.anatomy.bones import placed_bones
from pase.anatomy.joints import quaternions, rotation_xyz
from pase.anatomy.kinematics import Kinematics, pieces
from pase.anatomy.lengths import CARRIERS
from pase.data import Camera, Motion
from pase.files import package_text, write_text
from pase.findings import Findings
from pase.series import nearest_rows
from pase.types import Array
from pase.version import __version__
from pase.view.answers import key_rows, movement_text
from pase.view.film import Film
from pase.view.geometry import PackedBones, pack_bones
from pase.view.names import bone_name, coordinate_name, region_name
from pase.view.subject import Subject, frames_shown, has_range, head_index, in_display_units, step_to

MODULES = (
    "math", "dom", "data", "shaders", "bake", "renderer", "orbit", "player", "curves", "answers", "bones", "app",
)  # fmt: skip
"""The page's scripts in `web/`, each after what it imports."""
FURTHER_ANGLES = (
    "knee_valgus", "foot_progression", "trunk_flexion", "trunk_bending", "trunk_rotation", "trunk_lean_forward",
    "trunk_lean_side", "shoulder_elevation", "arm_swing",
)  # fmt: skip
"""Angles of an analysis that are not among the coordinates, and have curves of their own."""
ANGLE_REGIONS = {"legs": "Leg", "trunk": "Spine and chest", "arms": "Arm"}
MOST_FRAMES = 20_000
"""A longer recording is shown with fewer frames, so that a phone can hold it."""
SAME_TIME = 1e-3
"""Seconds within which a person's frame is that of the footage."""


def write_viewer(
    subjects: Sequence[Subject], path: str | Path, *, title: str = "PASE", film: Film | None = None
) -> None:
    """Write the viewer of some persons of one recording.

    Parameters
    ----------
    subjects
        The persons; none is legal and shows an empty floor.
    title
        What the page is called, for instance the name of the footage.
    film
        The footage to show beside or behind the bones, from `pase.view.film.make_film`.
    """
    blob, time = _Blob(), _timeline(subjects, film)
    scene = _scene(subjects, title, film, time[:: step_to(len(time), MOST_FRAMES)], blob)
    contents = {
        "TITLE": html.escape(title),
        "SHOWN": frames_shown(len(time), MOST_FRAMES),
        "STYLE": package_text("view/web/style.css"),
        "SCRIPT": bundle(),
        "SCENE": json.dumps(scene, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        "BLOB": _text(gzip.compress(blob.data, 1, mtime=0)),
        "FILM": "" if film is None else _text(film.content),
    }
    # Piece by piece: a page with its film takes twice 80 MB.
    pieces_of_page = re.split(r"\{\{(\w+)\}\}", package_text("view/web/viewer.html"))
    write_text(path, (contents[piece] if i % 2 else piece for i, piece in enumerate(pieces_of_page)))


def bundle() -> str:
    """The page's modules as one script: each file without its imports and the word `export`."""
    modules = []
    for name in MODULES:
        source = package_text(f"view/web/{name}.js")
        source = re.sub(r"^import [^;]*;\n", "", source, flags=re.MULTILINE)
        modules.append(re.sub(r"^export ", "", source, flags=re.MULTILINE))
    return "\n".join(modules)


class _Blob:
    """Arrays in one block of bytes; the page finds them by what `add` returns."""

    def __init__(self) -> None:
        self.data = bytearray()

    def add(self, array: NDArray[Any], kind: str) -> dict[str, Any]:
        """Append an array as `kind`, a NumPy type; its place, as the page wants it."""
        packed = np.ascontiguousarray(array, np.dtype(kind))
        self.data += bytes(-len(self.data) % 4)
        at = len(self.data)
        self.data += packed.tobytes()
        return {"at": at, "length": int(packed.size), "type": np.dtype(kind).str[1:]}


def _scene(
    subjects: Sequence[Subject], title: str, film: Film | None, time: Array, blob: _Blob
) -> dict[str, Any]:
    """What the page is made from; the numbers themselves are in the blob."""
    bones = pack_bones([subject.motion.skeleton for subject in subjects])
    cameras = [subject.motion.camera for subject in subjects if subject.motion.camera is not None]
    return {
        "title": title,
        "version": __version__,
        "time": blob.add(time, "<f8"),
        "film": None if film is None else film.mime,
        "camera": _camera(cameras[0], time, blob) if cameras else None,
        "vertices": blob.add(bones.vertices.view(np.uint8), "u1"),
        "indices": blob.add(bones.indices, "<u4"),
        "ends": list(bones.ends),
        "persons": [_person(subject, bones, time, blob) for subject in subjects],
    }


def _timeline(subjects: Sequence[Subject], film: Film | None) -> Array:
    """(T,) times of the recording: the footage's own, else all those of the persons."""
    if film is not None and len(film.time):
        time = film.time
    else:
        every = np.sort(np.concatenate([np.zeros(0), *(s.motion.time for s in subjects)]))
        time = every[np.diff(every, prepend=-np.inf) > SAME_TIME]
    return time if len(time) else np.zeros(1)


def _camera(camera: Camera, time: Array, blob: _Blob) -> dict[str, Any]:
    """The camera; of one that moves also focal length, rotation and translation at every time of the page."""
    path = None
    if camera.path is not None:
        rows = camera.path.at(time)
        columns = [rows.focal_length_px[:, None], rows.rotation.reshape(-1, 9), rows.translation]
        path = blob.add(np.concatenate(columns, axis=1), "<f4")
    return {
        "path": path,
        "focal": camera.focal_length_px,
        "center": list(camera.principal_point),
        "rotation": camera.rotation.ravel().tolist(),
        "translation": camera.translation.tolist(),
        "size": list(camera.image_size),
    }


def _person(subject: Subject, bones: PackedBones, time: Array, blob: _Blob) -> dict[str, Any]:
    motion = subject.motion
    rows = _rows_at(motion, time)
    visible = rows >= 0
    q = np.where(visible[:, None], motion.q[rows] if len(motion) else 0.0, 0.0)
    rotations, p_world, names = *_poses(subject, q, rows), motion.skeleton.body_names
    seen = np.ones(p_world.shape[:2], bool) if motion.seen is None else motion.seen[rows]
    return {
        "name": subject.name,
        "number": motion.track_id,
        "shown": blob.add(visible, "u1"),
        "turns": blob.add(np.round(rotations * 32767), "<i2"),
        "places": blob.add(p_world, "<f4"),
        "seen": None if seen.all() else blob.add(seen, "u1"),
        "beside": None if subject.placement is None else np.round(subject.placement.beside, 3).tolist(),
        "bodies": len(motion.skeleton.bodies),
        "root": names.index("pelvis") if "pelvis" in names else 0,
        "head": head_index(motion.skeleton),
        "bones": _bones(subject, bones),
        "angles": _angles(motion, rows, blob),
        "events": _events(motion),
        "answers": None if motion.findings is None else _answers(motion.findings),
    }


def _poses(subject: Subject, q: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
    """Quaternions (T B, 4) and origins (T, B, 3) of all bodies in the world, where the person is placed."""
    kinematics, placement = Kinematics(subject.motion.skeleton, ()), subject.placement
    bodies = len(subject.motion.skeleton.bodies)
    turns, places = np.empty((len(q), bodies, 4)), np.empty((len(q), bodies, 3))
    for frames in pieces(len(q)):
        poses = kinematics.pose(q[frames])
        R_world_body, p_world = poses.rotation, poses.origin
        if placement is not None:
            R_world_own = rotation_xyz((0.0, placement.yaw, 0.0))
            R_world_body = R_world_own @ R_world_body
            p_world = p_world @ R_world_own.T + placement.shift[np.maximum(rows[frames], 0)][:, None]
        turns[frames], places[frames] = quaternions(R_world_body).reshape(-1, bodies, 4), p_world
    return turns.reshape(-1, 4), places


def _rows_at(motion: Motion, time: Array) -> NDArray[np.intp]:
    """(T,) frame of a motion at each time of the page; -1 where there is none or its pose is unknown."""
    if len(motion) == 0:
        return np.full(len(time), -1)
    nearest = nearest_rows(motion.time, time)
    good = (np.abs(motion.time[nearest] - time) < SAME_TIME) & motion.known[nearest]
    return np.where(good, nearest, -1)


def _bones(subject: Subject, bones: PackedBones) -> list[dict[str, Any]]:
    """Every mesh of a person: which surface, on which body, where, what it is called, how long it is."""
    skeleton = subject.motion.skeleton
    rows = []
    for b, _, mesh, surface in placed_bones(skeleton):
        body = skeleton.bodies[b].name
        rows.append(
            {
                "surface": bones.files.index(mesh.file),
                "body": b,
                "bodyName": body,
                "affine": np.round(bones.affine(mesh, skeleton.scale[b]), 7).T.ravel().tolist(),
                "name": bone_name(mesh.file),
                "region": region_name(body if not mesh.file.startswith("cerv") else "cerv"),
                "extent": round(float(np.ptp(surface.vertices, axis=0).max()), 4),
                "lengths": [
                    {"name": row.name, "length": row.length_m, "sd": row.sd_m, "percentile": row.percentile}
                    for row in subject.bones
                    if CARRIERS.get(row.name) == body
                ],
            }
        )
    return rows


def _angles(motion: Motion, rows: NDArray[np.intp], blob: _Blob) -> dict[str, Any]:
    """Coordinates, and angles that people mean, with their deviations at the times of the page; NaN where unknown."""
    values, deviations, ranges, units = in_display_units(motion)
    rows_of_page = []
    for i, (name, unit) in enumerate(zip(motion.skeleton.free_names, units, strict=True)):
        plain, side = coordinate_name(name)
        low, high = float(ranges[i, 0]), float(ranges[i, 1])
        region = region_name(name).replace("Right ", "").replace("Left ", "").capitalize()
        limits = [low, high] if has_range(low, high, unit) else None
        rows_of_page.append(_listed(name, plain, side, unit, region, limits))
    findings = motion.findings
    if findings is not None:
        keys = [key for key in findings.angles.keys if angle_of(key)[0].name in FURTHER_ANGLES]
        columns = [findings.angles.column(key) for key in keys]
        values = np.concatenate([values, findings.angles.values[:, columns]], axis=1)
        deviations = np.concatenate([deviations, findings.angles.sd[:, columns]], axis=1)
        for key in keys:
            angle, of = angle_of(key)
            region = ANGLE_REGIONS[angle.region]
            rows_of_page.append(_listed(key, angle.plain, "" if of is None else of[0], "°", region, None))
    visible = (rows >= 0)[:, None]
    unknown = np.full((len(rows), len(rows_of_page)), np.nan)
    table = np.where(visible, values[rows], np.nan) if len(motion) else unknown
    spread = np.where(visible, deviations[rows], np.nan) if len(motion) else unknown
    return {"list": rows_of_page, "values": blob.add(table.T, "<f4"), "spread": blob.add(spread.T, "<f4")}


def _listed(
    key: str, name: str, side: str, unit: str, region: str, limits: list[float] | None
) -> dict[str, Any]:
    return {"id": key, "name": name, "side": side, "unit": unit, "region": region, "range": limits}


def _events(motion: Motion) -> list[list[Any]]:
    """Time in seconds, name in words and side of what happened."""
    events = () if motion.findings is None else motion.findings.events
    return [[round(event.time_s, 4), event.event.replace("_", " "), event.side[:1]] for event in events]


def _answers(findings: Findings) -> dict[str, Any]:
    """Movement, quality and the first page's measures, as text."""
    rows = [(r.name, *((r.middle,) if r.middle else (r.left, r.right)), r.unit) for r in key_rows(findings)]
    quality = findings.quality
    return {
        "movement": movement_text(findings),
        "verdict": quality.verdict,
        "reasons": list(quality.reasons),
        "rows": rows,
    }


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
