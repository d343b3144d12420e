"""Plots and the report page."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import check_picture
from PIL import Image

from browser import screenshot
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.data import Camera, Motion
from pase.diagnostics import FitDiagnostics
from pase.formats.tables import BoneLength
from pase.view.page import write_page
from pase.view.plots import make_plots, write_plots
from pase.view.still import still_picture
from pase.view.subject import Subject, frames_shown
from pase.view.viewer import write_viewer

BONES = (
    BoneLength("femur_r", 0.43, 0.008, 61.0),
    BoneLength("femur_l", 0.431, 0.008, 62.0),
    BoneLength("hip_width", 0.16, None, 3.0),
)
REPORT = {
    "pase": "1.2", "source": {"path": "/x/<i>walk</i>.mp4", "frames": 30, "image_size": [640, 480]},
    "mean_reprojection_error_px": 3.21, "warnings": ["the <b>scale</b> is assumed"], "assumptions": [],
    "persons": [{"track_id": 1, "details": {}}], "seconds": {"fit": 2.0},
    "settings": {"person": {"height_m": None}}, "versions": {"python": "3.11"},
}  # fmt: skip


def subject(camera: Camera, frames: int = 30) -> Subject:
    skeleton = default_skeleton()
    time = np.arange(frames) / 30
    q = np.tile(skeleton.default_q, (frames, 1))
    for name, size in (("hip_flexion_r", 0.5), ("hip_flexion_l", -0.5), ("knee_angle_r", 0.9)):
        q[:, skeleton.coordinate_index(name)] += size * np.sin(6 * time)
    q[:, skeleton.coordinate_index("pelvis_tx")] += time
    residual = np.abs(np.random.default_rng(1).normal(3, 1, (frames, 26)))
    motion = Motion(
        skeleton,
        q,
        np.full_like(q, 0.05),
        time,
        camera,
        residual,
        diagnostics=FitDiagnostics(stature_m=1.712),
    )
    return Subject("Person <1>", motion, BONES)


def test_plots_are_svg_and_png_if_wanted_and_the_same_every_time(tmp_path: Path, camera: Camera) -> None:
    paths = write_plots(subject(camera), tmp_path / "a", png=True)
    names = {path.stem for path in paths}
    assert names == {"angles_legs", "angles_trunk", "angles_arms", "bones", "path", "error"}
    assert {p.name for p in (tmp_path / "a").iterdir()} == {f"{n}.{s}" for n in names for s in ("png", "svg")}
    write_plots(subject(camera), tmp_path / "b", png=True)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    write_plots(subject(camera), tmp_path / "c", ["bones"])
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["bones.svg"]


def test_what_is_not_known_is_left_out(camera: Camera) -> None:
    filmed = subject(camera)
    bare = replace(
        filmed, bones=(), motion=replace(filmed.motion, residual=None, q_std=filmed.motion.q_std * np.nan)
    )
    assert {name for name, _ in make_plots(bare)} == {"angles_legs", "angles_trunk", "angles_arms", "path"}
    empty = replace(filmed, motion=replace(filmed.motion, q=filmed.motion.q * np.nan, residual=None))
    assert {name for name, _ in make_plots(empty)} == {"bones"}
    assert {name for name, _ in make_plots(subject(camera, 1))} == {"bones"}


def test_left_and_right_keep_their_colours_and_bands(camera: Camera) -> None:
    figure = dict(make_plots(subject(camera)))["angles_legs"]
    axes = next(a for a in figure.axes if a.get_title(loc="left") == "Knee flexion")
    lines = {line.get_color(): np.asarray(line.get_ydata()) for line in axes.get_lines()}
    assert np.ptp(lines["#D55E00"]) > 60 and np.ptp(lines["#0072B2"]) < 1
    assert len(axes.collections) == 2
    band = axes.collections[0].get_paths()[0].vertices
    assert np.ptp(band[np.abs(band[:, 0]) < 1e-9][:, 1]) == pytest.approx(4 * np.degrees(0.05), abs=0.01)


@pytest.mark.parametrize("name", ["angles_legs", "bones", "path"])
def test_plots_look_as_they_did(camera: Camera, name: str) -> None:
    stream = io.BytesIO()
    dict(make_plots(subject(camera)))[name].savefig(stream, dpi=80)
    check_picture(f"plot_{name}", np.asarray(Image.open(stream).convert("RGB")))


def test_a_page_that_leaves_frames_out_says_so(
    tmp_path: Path, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, text in ((30, ""), (15, "every second frame"), (7, "every 5th frame")):
        for module in ("viewer", "page", "plots"):
            monkeypatch.setattr(f"pase.view.{module}.MOST_FRAMES", limit)
        write_page([subject(camera)], REPORT, tmp_path / "report.html")
        write_viewer([subject(camera)], tmp_path / "viewer.html")
        for name in ("report.html", "viewer.html"):
            page = (tmp_path / name).read_text(encoding="utf-8")
            assert re.findall(r"every \w+ frame\b", page) == [text] * bool(text)


@pytest.mark.parametrize(("step", "word"), [(1, ""), (2, "second"), (11, "11th"), (21, "21st"), (43, "43rd")])
def test_which_frames_are_shown_is_told_in_words(step: int, word: str) -> None:
    assert frames_shown(100 * step, 100) == (f"every {word} frame" if word else "")


def test_the_page_tells_everything_and_escapes_it(tmp_path: Path, camera: Camera) -> None:
    Image.fromarray(np.full((48, 64, 3), 120, np.uint8)).save(tmp_path / "overlay.png")
    write_page([subject(camera)], REPORT, tmp_path / "report.html", overlay=tmp_path / "overlay.png")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;i&gt;walk" not in page and "i&gt;.mp4" in page and "<b>scale" not in page
    for text in (
        "Person &lt;1&gt;",
        "3.2 px",
        "1.71 m",
        "Femur, right",
        ">430<",
        ">61<",
        "person.height_m",
        "&lt;b&gt;scale",
    ):
        assert text in page, text
    assert page.count("data:image/svg+xml") == 6 and page.count("data:image/jpeg") == 1
    assert not re.search(r'(?:src|href)="(?!data:)', page) and "<script" not in page


def test_a_photo_has_one_value_an_angle(tmp_path: Path, camera: Camera) -> None:
    for frames, cell in ((1, "<td>0 ± 3</td>"), (30, "<td>−29 ± 3</td><td>29 ± 3</td>")):
        write_page([subject(camera, frames)], REPORT, tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        row = next(row for row in page.split("<tr>") if row.startswith("<td>Hip flexion, right<"))
        assert cell in row


def test_the_page_says_what_its_words_mean_and_what_was_given(tmp_path: Path, camera: Camera) -> None:
    given = {**REPORT, "settings": {"person": {"height_m": 1.712}}}
    write_page([subject(camera)], given, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "standing height 1.71 m (as given)",
        "30 frames in 1.0 s, 30 a second",
        "<dt>Hip flexion</dt><dd>positive: thigh forward</dd>",
        "taken to be equally long",
    ):
        assert text in page, text
    person = subject(camera)
    unsure = replace(person.motion.diagnostics, scale_sd=0.05)
    person = replace(person, motion=replace(person.motion, diagnostics=unsure))
    write_page([person], REPORT, tmp_path / "report.html")
    assert "standing height 1.71 ± 0.09 m<" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_picture_is_cut_to_the_person(tmp_path: Path, camera: Camera) -> None:
    person = subject(camera)
    joints = camera.project(Kinematics(person.motion.skeleton, ()).pose(person.motion.q[:1]).origin[0])
    picture = np.zeros((960, 1280, 3), np.uint8)
    for x, y in np.round(2 * joints).astype(int):
        picture[y - 4 : y + 5, x - 4 : x + 5] = 255
    Image.fromarray(picture).save(tmp_path / "overlay.png")
    still = Image.open(io.BytesIO(still_picture(tmp_path / "overlay.png", [person]))).convert("L")
    assert still.width < 0.8 * still.height
    assert (np.asarray(still) > 128).sum() == pytest.approx((picture[..., 0] > 128).sum(), rel=0.05)
    nowhere = replace(person, motion=replace(person.motion, camera=None))
    uncut = Image.open(io.BytesIO(still_picture(tmp_path / "overlay.png", [nowhere])))
    assert uncut.size == (900, 675)


def test_the_page_takes_plots_that_are_there(tmp_path: Path, camera: Camera) -> None:
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "one.svg").write_text("<svg/>")
    write_page([subject(camera)], REPORT, tmp_path / "report.html", plots=[tmp_path / "plots"])
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("data:image/svg+xml") == 1


def test_a_photo_has_no_plots_and_bars_in_the_table_of_bones(tmp_path: Path, camera: Camera) -> None:
    write_page([subject(camera, 1)], REPORT, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "svg+xml" not in page and "Curves of all joints" not in page
    assert re.findall(r'style="--share: (\d+)%"', page) == ["61", "62", "3"]


def test_the_page_looks_as_it_did(tmp_path: Path, camera: Camera) -> None:
    write_page([subject(camera)], REPORT, tmp_path / "report.html")
    check_picture("report", screenshot(tmp_path / "report.html"))
