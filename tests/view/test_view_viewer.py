"""The viewer page: what it carries, and what a real browser makes of it."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import check_picture, read_pictures, turning, write_film
from PIL import Image

from pase.anatomy.bones import load_bones, place_bone
from pase.anatomy.default import default_skeleton
from pase.anatomy.kinematics import Kinematics
from pase.data import Camera, Motion
from pase.formats.tables import BoneLength
from pase.media import open_media
from pase.media.write import jpeg
from pase.view.film import Film, FilmMaker, make_film
from pase.view.geometry import FINEST, pack_bones
from pase.view.names import bone_name, coordinate_name, region_name
from pase.view.subject import Subject
from pase.view.viewer import bundle, write_viewer

TENTH_OF_A_MILLIMETRE = 1e-4
UNKNOWN = 4
ORIGIN = """({ person, body, rows, size, middle }) => [person, body, ...[0, 4, 8].map(k => rows[k + 3]
    - (rows[k] * middle[0] + rows[k + 1] * middle[1] + rows[k + 2] * middle[2]) / size)]"""
"""In the page's language: where a body's origin is in the world, from the matrix of its block."""
PIXEL = """rows => { const m = pase.eyes.matrix, c = pase.renderer.canvas;
    const [x, y, w] = [0, 1, 3].map(r => m[r] * rows[3] + m[4 + r] * rows[7] + m[8 + r] * rows[11] + m[12 + r]);
    return [(x / w + 1) / 2 * c.width, (1 - y / w) / 2 * c.height]; }"""
"""Pixel of the picture at which the middle of a block is seen."""
SIGHT = f"""(() => {{ const rows = pase.renderer.blocks[0].rows, [x, y] = ({PIXEL})(rows), box = pase.filmBox();
    const pixel = [(x - box.left) / box.zoom - 0.5, (y - box.top) / box.zoom - 0.5];
    return [rows[3], rows[7], rows[11], ...pixel] }})()"""
"""Where the middle of the first block is in the world, and on the film."""


def motion(frames: int = 9, seed: int = 1, place: float = 0.0, camera: Camera | None = None) -> Motion:
    """A person of their own size who swings arms and legs; one frame is unknown."""
    random = np.random.default_rng(seed)
    skeleton = default_skeleton()
    skeleton = skeleton.scaled(random.uniform(0.93, 1.07, (len(skeleton.bodies), 3)))
    time = np.arange(frames) / 25
    q = np.tile(skeleton.default_q, (frames, 1))
    for name, size in (
        ("hip_flexion_r", 0.5),
        ("hip_flexion_l", -0.5),
        ("arm_elevation_r", 0.6),
        ("knee_angle_l", 0.6),
    ):
        q[:, skeleton.coordinate_index(name)] += size * np.sin(9 * time) ** 2
    q[:, skeleton.coordinate_index("pelvis_tz")] += place
    q[:, skeleton.coordinate_index("pelvis_tx")] += time
    if frames > UNKNOWN:
        q[UNKNOWN] = np.nan
    return Motion(skeleton, q, np.full_like(q, 0.05), time, camera)


def subjects(camera: Camera | None = None, persons: int = 1) -> list[Subject]:
    bones = (BoneLength("femur_r", 0.43, 0.008, 61.0), BoneLength("foot_l", 0.24))
    return [
        Subject(
            f"Person {i + 1}", replace(motion(seed=i, place=0.9 * i, camera=camera), track_id=i + 1), bones
        )
        for i in range(persons)
    ]


def test_packed_bones_are_where_the_placement_puts_them() -> None:
    skeleton = motion().skeleton
    packed, surfaces = pack_bones([skeleton]), load_bones(skeleton)
    assert len(packed.files) == 108 and packed.ends[-1] == len(packed.indices)
    start = 0
    for b, body in enumerate(skeleton.bodies):
        for mesh in body.meshes:
            number = packed.files.index(mesh.file)
            start = packed.ends[number - 1] if number else 0
            low = packed.indices[start : packed.ends[number]].min()
            wanted = place_bone(surfaces[mesh.file], mesh, skeleton.scale[b])
            places = packed.vertices["place"][low : low + len(wanted.vertices)] / FINEST
            names = (
                places @ packed.affine(mesh, skeleton.scale[b])[:, :3].T
                + packed.affine(mesh, skeleton.scale[b])[:, 3]
            )
            np.testing.assert_allclose(names, wanted.vertices, atol=TENTH_OF_A_MILLIMETRE, err_msg=mesh.file)
            faces = packed.indices[start : packed.ends[number]].reshape(-1, 3) - low
            np.testing.assert_array_equal(faces, surfaces[mesh.file].faces)


def test_names_that_people_understand() -> None:
    names = {
        "r_pelvis.vtp": "Right hip bone", "femur_l.vtp": "Left femur", "metacarpal2_rvs.vtp": "Right metacarpal 2",
        "index_distal_lvs.vtp": "Left index finger, last phalanx", "thumb_distal_lvs.vtp": "Left thumb, last phalanx",
        "thoracic7_s.vtp": "T7 vertebra", "lumbar4.vtp": "L4 vertebra", "cerv3sm.vtp": "C3 vertebra",
        "skull.vtp": "Skull",
        "ribs.vtp": "Ribs and breastbone", "scapula_l.vtp": "Left shoulder blade", "talus_rv.vtp": "Right talus",
        "foot.vtp": "Right heel and midfoot", "l_bofoot.vtp": "Left toes", "humerus_rv.vtp": "Right humerus",
    }  # fmt: skip
    assert {file: bone_name(file) for file in names} == names
    assert len({bone_name(file) for file in load_bones()}) == 108
    assert coordinate_name("knee_angle_r") == ("Knee flexion", "r")
    assert region_name("hip_flexion_l") == "Left leg" and region_name("L5_S1_Flex_Ext") == "Spine and chest"
    assert "Other" not in {region_name(name) for name in default_skeleton().free_names}


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    title = "</script><b onload=alert(1)>&"
    write_viewer(subjects(), tmp_path / "a.html", title=title)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!")', page) and "@import" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert title not in page and page.count("</script>") == 4
    assert not re.search(r"^\s*(import|export)\s", bundle(), re.MULTILINE)
    assert (tmp_path / "a.html").stat().st_size < 800_000


def test_the_film_is_small_and_has_the_true_times(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.05, 0.11, 0.2]
    film = make_film(write_film(tmp_path / "a.mp4", (1500, 1000), times, brighter=40))
    assert film is not None and film.mime == "video/mp4"
    np.testing.assert_allclose(film.time, times, atol=1e-4)
    (tmp_path / "b.mp4").write_bytes(film.content)
    shown, pictures = read_pictures(tmp_path / "b.mp4")
    assert pictures[0].shape == (480, 720, 3)
    np.testing.assert_allclose(shown, times, atol=1e-4)
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(tmp_path / "p.png")
    photo = make_film(tmp_path / "p.png")
    assert photo is not None and photo.mime == "image/jpeg" and len(photo.time) == 1


def test_the_film_is_made_of_frames_on_their_way_to_somebody_else(tmp_path: Path) -> None:
    write_film(tmp_path / "a.mp4", (64, 48), np.arange(8) / 25, brighter=30)
    maker, separate = FilmMaker(), make_film(tmp_path / "a.mp4")
    with open_media(tmp_path / "a.mp4") as media:
        passed = [frame.image.mean() for frame in maker.passing(media, media.frames())]
        assert passed == [frame.image.mean() for frame in media.frames()]
        assert maker.film is not None and separate is not None
        assert maker.film.content == separate.content
        interrupted = maker.passing(media, media.frames())
        next(interrupted)
        interrupted.close()
    assert maker.film is None


def test_of_a_fast_film_every_second_frame_is_shown_unless_all_are_wanted(tmp_path: Path) -> None:
    from pase.media import VideoWriter, open_media

    with VideoWriter(tmp_path / "a.mp4", (64, 48), 60) as writer:
        for k in range(7):
            writer.write(np.full((48, 64, 3), 30 * k, np.uint8), k / 60)
    halved, whole = make_film(tmp_path / "a.mp4"), make_film(tmp_path / "a.mp4", every_frame=True)
    assert halved is not None and whole is not None
    np.testing.assert_allclose(halved.time, np.arange(0, 7, 2) / 60, atol=1e-4)
    np.testing.assert_allclose(whole.time, np.arange(7) / 60, atol=1e-4)
    (tmp_path / "b.mp4").write_bytes(halved.content)
    with open_media(tmp_path / "b.mp4") as media:
        shown = [frame.image.mean() for frame in media.frames()]
    np.testing.assert_allclose(shown, [0, 60, 120, 180], atol=4)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from browser import chromium

    with chromium() as browser:
        yield browser


class Page:
    """A viewer opened in the browser."""

    def __init__(
        self, browser: Any, path: Path, width: int = 900, height: int = 600, scheme: str = "light"
    ) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True
        )
        self.page, self.problems = context.new_page(), []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("globalThis.pase", timeout=60_000)
        self.page.wait_for_timeout(500)

    def run(self, code: str) -> Any:
        return self.page.evaluate(code)

    def picture(self) -> np.ndarray:
        self.page.wait_for_timeout(400)
        return np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"))


def film_page(browser: Any, folder: Path, people: list[Subject]) -> Page:
    """The viewer of persons over a grey picture, seen as the camera saw it."""
    film = Film("image/jpeg", jpeg(np.full((480, 640, 3), 90, np.uint8)), people[0].motion.time)
    write_viewer(people, folder / "a.html", film=film)
    page = Page(browser, folder / "a.html")
    page.page.keyboard.press("c")
    return page


def test_the_browser_puts_the_bodies_where_our_kinematics_do(browser: Any, tmp_path: Path) -> None:
    people = subjects(persons=2)
    write_viewer(people, tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    for frame in (0, 3, 8):
        values = page.run(
            f"(() => {{ pase.player.show({frame}); return pase.renderer.blocks.map({ORIGIN}); }})()"
        )
        assert len({row[0] for row in values}) == 2 and len(values) == 80
        for person, body, *place in values:
            shown = people[int(person)].motion
            poses = Kinematics(shown.skeleton, ()).pose(shown.q[frame][None])
            np.testing.assert_allclose(place, poses.origin[0, int(body)], atol=TENTH_OF_A_MILLIMETRE)
    page.run(f"pase.player.show({UNKNOWN})")
    assert page.run("pase.renderer.blocks.every(block => block.shown.length === 0)")
    assert page.problems == []


def test_the_film_view_sees_as_the_camera_did(browser: Any, tmp_path: Path, camera: Camera) -> None:
    people = subjects(camera)
    page = film_page(browser, tmp_path, people)
    page.page.wait_for_timeout(500)
    values = page.run(SIGHT)
    np.testing.assert_allclose(values[3:], camera.project(np.array(values[:3])), atol=0.05)
    page.page.mouse.move(300, 300)
    page.page.mouse.down()
    page.page.mouse.move(340, 310, steps=4)
    page.page.mouse.up()
    assert page.run("pase.orbit.fromFilm === null && !document.body.classList.contains('behind')")
    assert page.problems == []


def test_the_film_view_follows_a_camera_that_turns(browser: Any, tmp_path: Path, camera: Camera) -> None:
    people = subjects(camera)
    time = people[0].motion.time
    angles, focal = np.linspace(0, 0.2, len(time)), np.linspace(600.0, 700.0, len(time))
    moving = replace(camera, path=turning(camera, time, angles, focal))
    people = [replace(subject, motion=replace(subject.motion, camera=moving)) for subject in people]
    page = film_page(browser, tmp_path, people)
    last = len(time) - 1
    page.run(f"pase.player.show({last})")
    page.page.wait_for_timeout(500)
    values = page.run(SIGHT)
    expected = moving.project(np.array(values[:3])[None, None], time[-1:])[0, 0]
    np.testing.assert_allclose(values[3:], expected, atol=0.05)
    assert page.problems == []


def test_play_step_jump_pick_and_hide(browser: Any, tmp_path: Path) -> None:
    write_viewer(subjects(), tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    page.page.keyboard.press(" ")
    page.page.wait_for_function("pase.player.frame > 2", timeout=60_000)
    page.page.keyboard.press(" ")
    page.page.keyboard.press("Home")
    page.page.keyboard.press("ArrowRight")
    assert page.run("pase.player.frame") == 1 and page.page.inner_text("#frame") == "2 / 9"
    field = page.page.locator(".field").first.bounding_box()
    page.page.mouse.click(field["x"] + field["width"] - 9, field["y"] + 40)
    assert page.run("pase.player.frame") >= 7
    assert re.match(r"R −?\d+° ± 3", page.page.locator(".read.side-r").first.inner_text())
    page.page.wait_for_function("!pase.stale")  # the camera follows only when the frame is drawn
    spot = page.run(
        f"""(() => {{ const bone = pase.renderer.bones.find(b => b.name === 'Right tibia');
        const c = pase.renderer.canvas, box = c.getBoundingClientRect(), zoom = box.width / c.width;
        const [x, y] = ({PIXEL})(pase.renderer.blocks.find(b => b.body === bone.body).rows);
        return [box.left + zoom * x, box.top + zoom * y] }})()"""
    )
    page.page.mouse.click(*spot)
    assert page.page.inner_text("#card h2") in ("Right tibia", "Right fibula")
    page.run("pase.bones.choose(pase.renderer.bones.findIndex(b => b.name === 'Right femur'))")
    assert "430 ± 8 mm" in page.page.inner_text("#card") and "61" in page.page.inner_text("#card")
    page.page.click("#card button:has-text('Only this body')")
    assert page.run("pase.renderer.blocks.filter(block => block.shown.length).length") == 1
    page.page.keyboard.press("a")
    assert page.run("pase.renderer.blocks.every(block => block.shown.length)")
    assert page.problems == []


def test_several_are_told_apart_by_a_number_over_each_head(browser: Any, tmp_path: Path) -> None:
    people = subjects(persons=3)
    people[2] = replace(
        people[2], motion=replace(people[2].motion, q=np.full_like(people[2].motion.q, np.nan))
    )
    write_viewer(people, tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    labels = "[...document.querySelectorAll('#numbers > b')]"
    assert page.run(f"{labels}.map(label => label.textContent)") == ["1", "2", "3"]
    assert page.run(f"{labels}.map(label => label.hidden)") == [False, False, True]
    for person, shown in enumerate(people[:2]):
        poses = Kinematics(shown.motion.skeleton, ()).pose(shown.motion.q[:1])
        place = poses.origin[0, shown.motion.skeleton.body_names.index("head")] + [0, 0.3, 0]
        rows = [0, 0, 0, float(place[0]), 0, 0, 0, float(place[1]), 0, 0, 0, float(place[2])]
        x, y = page.run(f"({PIXEL})({rows})")
        box = page.run(
            f"(() => {{ const a = {labels}[{person}].getBoundingClientRect(), c = pase.renderer.canvas,"
            " b = c.getBoundingClientRect(), z = c.width / b.width;"
            " return [z * (a.x + a.width / 2 - b.x), z * (a.y + a.height / 2 - b.y)]; })()"
        )
        np.testing.assert_allclose(box, [x, y], atol=2.5)
    distance = """w => { document.getElementById('stage').style.flex = `0 0 ${w}px`; pase.aim();
        return pase.orbit.distance; }"""
    wide, narrow = (page.page.evaluate(distance, width) for width in (1200, 300))
    assert narrow > wide + 0.2, "everybody is in a narrow picture too"
    page.page.select_option("#person", "1")
    assert page.run(f"{labels}.map(label => label.classList.contains('chosen'))") == [False, True, False]
    page.run(f"pase.player.show({UNKNOWN})")
    page.page.wait_for_function(f"{labels}.every(label => label.hidden)", timeout=60_000)
    assert page.problems == []


def test_one_person_has_no_number(browser: Any, tmp_path: Path) -> None:
    write_viewer(subjects(), tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    assert page.run("document.querySelectorAll('#numbers > b').length") == 0 and page.problems == []


def test_who_jumps_off_a_wall_is_in_the_picture_above_and_below(browser: Any, tmp_path: Path) -> None:
    (person,) = subjects()
    q = np.tile(person.motion.q[:1], (2, 1))
    q[0, person.motion.skeleton.coordinate_index("pelvis_ty")] += 2.2
    jump = replace(person.motion, q=q, q_std=np.zeros_like(q), time=np.array([0.0, 1.0]))
    write_viewer([replace(person, motion=jump)], tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    bodies = [jump.skeleton.body_names.index(name) for name in ("head", "calcn_r")]
    for frame, origin in enumerate(Kinematics(jump.skeleton, ()).pose(q).origin):
        page.run(f"pase.player.show({frame})")
        page.run("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        for place in origin[bodies]:
            rows = [0, 0, 0, float(place[0]), 0, 0, 0, float(place[1]), 0, 0, 0, float(place[2])]
            x, y, width, height = page.run(
                f"[...({PIXEL})({rows}), pase.renderer.canvas.width, pase.renderer.canvas.height]"
            )
            assert 0 < x < width and 0 < y < height, (frame, place)
    assert page.problems == []


def test_nothing_is_shown_as_minus_zero(browser: Any, tmp_path: Path) -> None:
    (person,) = subjects()
    q = person.motion.q.copy()
    for side, angle in (("r", -0.003), ("l", -0.03)):
        q[0, person.motion.skeleton.coordinate_index(f"hip_flexion_{side}")] = angle
    write_viewer([replace(person, motion=replace(person.motion, q=q))], tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    text = page.page.locator(".chart", has_text="Hip flexion").inner_text()
    assert "R 0° ±" in text and "L −2° ±" in text and page.problems == []


def test_nobody_is_legal(browser: Any, tmp_path: Path) -> None:
    write_viewer([], tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    assert page.page.is_visible("#nobody") and page.problems == []


@pytest.mark.parametrize(
    ("name", "size", "scheme"), [("light", (900, 600), "light"), ("dark_phone", (390, 844), "dark")]
)
def test_it_looks_as_it_did(
    browser: Any, tmp_path: Path, camera: Camera, name: str, size: tuple[int, int], scheme: str
) -> None:
    write_viewer(subjects(camera), tmp_path / "a.html", title="walk")
    page = Page(browser, tmp_path / "a.html", *size, scheme)
    check_picture(f"viewer_{name}", page.picture())


def test_one_frame_is_shown_without_a_player(browser: Any, tmp_path: Path) -> None:
    still = replace(subjects()[0], motion=motion(1))
    write_viewer([still], tmp_path / "a.html")
    page = Page(browser, tmp_path / "a.html")
    assert not page.page.is_visible("#play") and page.page.is_visible("#picture") and page.problems == []
