from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import read_pictures, turning, write_film

from pase.anatomy.kinematics import Kinematics
from pase.config import Style, ViewSettings
from pase.data import Camera, Motion
from pase.errors import InputError, OutputError
from pase.media import write_image
from pase.view.blending import blend, blend_frame
from pase.view.layers import _beyond_head
from pase.view.lines import draw_label
from pase.view.overlay import draw_overlay, frame_step
from pase.view.scene import Patch

TIMES = (0.0, 0.04, 0.05, 0.11, 0.2)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_film(tmp_path / "clip.mp4", (640, 480), TIMES)


@pytest.fixture
def motion(still: Motion) -> Motion:
    """A person who stands, seen in the three frames in the middle, not known in the second of them."""
    q = np.tile(still.q, (3, 1))
    q[1] = np.nan
    return replace(still, q=q, q_std=np.full_like(q, np.nan), time=np.array(TIMES[1:4]))


def changed(path: Path) -> tuple[list[float], list[float]]:
    """Times of the frames and the share of their pixels that is not the grey of the clip."""
    times, pictures = read_pictures(path)
    return times, [float((np.abs(picture - 60) > 30).mean()) for picture in pictures]


def test_draws_where_the_pose_is_known_and_keeps_the_times(video: Path, motion: Motion) -> None:
    reports: list[tuple[int, int | None]] = []
    draw_overlay(video, [motion], video.parent / "out.mp4", progress=lambda *step: reports.append(step))
    times, share = changed(video.parent / "out.mp4")
    np.testing.assert_allclose(times, TIMES, atol=1e-3)
    assert [x > 0.01 for x in share] == [False, True, False, True, False]
    assert [done for done, _ in reports] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("every_frame", "shown"), [(False, 6), (True, 12)])
def test_of_a_fast_film_every_second_frame_is_drawn_unless_all_are_wanted(
    tmp_path: Path, still: Motion, every_frame: bool, shown: int
) -> None:
    times = np.arange(12) / 60
    film = write_film(tmp_path / "clip.mp4", (640, 480), times)
    q = np.tile(still.q, (12, 1))
    moving = replace(still, q=q, q_std=np.full_like(q, np.nan), time=times)
    draw_overlay(film, [moving], tmp_path / "out.mp4", ViewSettings(every_frame=every_frame))
    drawn, share = changed(tmp_path / "out.mp4")
    np.testing.assert_allclose(drawn, times[:: 12 // shown], atol=1e-3)
    assert min(share) > 0.01


@pytest.mark.parametrize(
    ("rate", "step"), [(24, 1), (29.97, 1), (48, 1), (50, 2), (59.94, 2), (120, 4), (240, 9)]
)
def test_25_to_50_frames_a_second_are_drawn(rate: float, step: int) -> None:
    assert frame_step(rate) == step


def test_nobody(video: Path) -> None:
    draw_overlay(video, [], video.parent / "out.mp4")
    times, share = changed(video.parent / "out.mp4")
    np.testing.assert_allclose(times, TIMES, atol=1e-3)
    assert share == [0.0] * 5


def test_photo(tmp_path: Path, still: Motion) -> None:
    photo = np.random.default_rng(0).integers(0, 60, (480, 640, 3), dtype=np.uint8)
    write_image(tmp_path / "photo.png", photo)
    draw_overlay(tmp_path / "photo.png", [still], tmp_path / "out.png")
    draw_overlay(tmp_path / "photo.png", [], tmp_path / "same.png")
    (drawn,), (copy,) = (read_pictures(tmp_path / name)[1] for name in ("out.png", "same.png"))
    np.testing.assert_array_equal(copy, photo)
    untouched = (drawn == photo).all(axis=2)
    assert 0.5 < untouched.mean() < 0.99
    assert drawn[~untouched].mean() > 90


def test_footage_in_another_size(tmp_path: Path, still: Motion) -> None:
    """Half as large footage shows the bones at half the place."""
    centres = []
    for size in ((640, 480), (320, 240)):
        write_image(tmp_path / "photo.png", np.zeros((size[1], size[0], 3), np.uint8))
        draw_overlay(tmp_path / "photo.png", [still], tmp_path / "out.png")
        light = read_pictures(tmp_path / "out.png")[1][0].sum(axis=2)
        y, x = np.indices(light.shape) + 0.5
        centres.append(np.array([(x * light).sum(), (y * light).sum()]) / light.sum())
    np.testing.assert_allclose(centres[0], 2 * centres[1], atol=0.5)
    write_image(tmp_path / "photo.png", np.zeros((480, 480, 3), np.uint8))
    with pytest.raises(InputError, match="480×480 but the motion was made from 640×480"):
        draw_overlay(tmp_path / "photo.png", [still], tmp_path / "out.png")


def test_persons_of_two_cameras(tmp_path: Path, still: Motion, camera: Camera) -> None:
    aside = replace(camera, translation=camera.translation + np.array([0.9, 0.0, 1.0]))
    write_image(tmp_path / "photo.png", np.zeros((480, 640, 3), np.uint8))
    shown = {}
    for name, motions in {
        "one": [still], "other": [replace(still, camera=aside)], "both": [still, replace(still, camera=aside)]
    }.items():  # fmt: skip
        draw_overlay(tmp_path / "photo.png", motions, tmp_path / "out.png", ViewSettings(opacity=1.0))
        shown[name] = read_pictures(tmp_path / "out.png")[1][0].max(axis=2) > 40
    bones = shown["one"] | shown["other"]
    assert shown["both"][bones].all()
    numbers = shown["both"] & ~bones
    assert 10 < numbers.sum() < 1000, "a number over each head, which one person alone does not have"


@pytest.mark.parametrize("ground", [255, 0], ids=["snow", "night"])
@pytest.mark.parametrize("raised", ["r", "l"])
def test_a_number_or_a_doubt_stands_over_the_head_also_of_one_who_raises_an_arm(
    tmp_path: Path, still: Motion, camera: Camera, ground: int, raised: str
) -> None:
    skeleton, q = still.skeleton, still.q.copy()
    q[0, skeleton.coordinate_index(f"arm_elevation_{raised}")] = 2.9
    still = replace(still, q=q)
    poses = Kinematics(skeleton, ()).pose(q)
    pixels = camera.project(poses.origin[0])
    names = skeleton.body_names
    assert pixels[:, 1].argmin() == names.index(f"hand_{raised}")
    write_image(tmp_path / "photo.png", np.full((480, 640, 3), ground, np.uint8))
    pictures = []
    wrong = replace(still, residual=np.full((1, len(skeleton.landmark_names)), 200.0))
    for motions in ([still], [still, replace(still, q=np.full_like(q, np.nan), track_id=2)], [wrong]):
        draw_overlay(tmp_path / "photo.png", motions, tmp_path / "out.png")
        pictures += read_pictures(tmp_path / "out.png")[1]
    head = pixels[names.index("head")]
    for labelled in pictures[1:]:
        y, x = np.nonzero(np.abs(labelled - pictures[0]).max(axis=2) > 100)
        assert len(x) > 15, "told from the ground"
        assert x.mean() == pytest.approx(head[0], abs=4)
        assert head[1] - 90 < y.mean() < head[1] - 20


@pytest.mark.parametrize(
    ("turned", "outwards"), [("upright", (0, -1)), ("lying", (1, 0)), ("hanging", (0, 1))]
)
def test_a_label_stands_beyond_the_head_and_off_the_body(
    motion: Motion, camera: Camera, turned: str, outwards: tuple[int, int]
) -> None:
    skeleton = motion.skeleton
    poses = Kinematics(skeleton, ()).pose(skeleton.default_q[None])
    middle = poses.origin[0].mean(0)
    lying = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    turn = {"upright": np.eye(3), "lying": lying, "hanging": np.diag([1.0, -1, -1])}[turned]
    pose = replace(poses, rotation=poses.rotation[0], origin=(poses.origin[0] - middle) @ turn.T + middle)
    pixels, head = camera.project(pose.origin), skeleton.body_index("head")
    away = _beyond_head(camera, pose, head) - pixels[head]
    assert away @ outwards > 0.8 * np.linalg.norm(away)


@pytest.mark.parametrize("style", ["bones", "lines"])
def test_a_camera_that_turns_sees_the_person_go_across_the_picture(
    video: Path, motion: Motion, camera: Camera, style: Style
) -> None:
    path = turning(camera, motion.time, np.radians([0.0, 4.0, 9.0]), np.array([600.0, 600.0, 500.0]))
    q = np.tile(motion.skeleton.default_q, (3, 1))
    filmed = replace(motion, q=q, camera=replace(camera, path=path))
    draw_overlay(video, [filmed], video.parent / "out.mp4", ViewSettings(style=style))
    origins = Kinematics(motion.skeleton, ()).pose(q).origin
    expected = filmed.camera.project(origins, motion.time)
    _, frames = read_pictures(video.parent / "out.mp4")
    for picture, pixels in zip(frames[1:4], expected, strict=True):
        y, x = np.nonzero(np.abs(picture - 60).max(axis=2) > 40)
        assert x.min() == pytest.approx(pixels[:, 0].min(), abs=25)
        assert x.max() == pytest.approx(pixels[:, 0].max(), abs=25)
        assert y.max() == pytest.approx(pixels[:, 1].max(), abs=25)


def test_numbers_have_a_light_face_and_a_dark_rim_and_stay_in_the_picture() -> None:
    for size in ((1920, 1080), (320, 240)):
        patch = draw_label("12", np.array([-50.0, 20.0]), size)
        assert patch is not None and patch.x == 0 and patch.y >= 0
        solid = patch.rgba[patch.rgba[..., 3] > 250][:, :3]
        assert (solid > 200).any() and (solid < 40).all(axis=1).sum() > 15
        assert (patch.rgba[..., :3] <= patch.rgba[..., 3:]).all(), "multiplied by alpha"
        assert not patch.rgba[[0, -1], :, 3].any() and not patch.rgba[:, [0, -1], 3].any(), "not cut off"
    assert draw_label("1", np.array([9e9, 0.0]), (320, 240)) is None
    assert draw_label("1", np.array([5.0, 5.0]), (8, 8)) is None


def test_failures_leave_the_old_file(video: Path, motion: Motion) -> None:
    out = video.parent / "out.mp4"
    out.write_bytes(b"old")

    def stop(done: int, total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_overlay(video, [motion], out, progress=stop)
    with pytest.raises(InputError, match="person 1 has no camera"):
        draw_overlay(video, [replace(motion, camera=None)], out)
    with pytest.raises(OutputError, match="cannot write"):
        draw_overlay(video, [motion], out / "x.mp4")
    assert out.read_bytes() == b"old"
    assert sorted(p.name for p in video.parent.iterdir()) == ["clip.mp4", "out.mp4"]


def test_blend_is_the_formula() -> None:
    image = np.full((3, 4, 3), 100, np.uint8)
    rgba = np.array([[[255, 0, 0, 255], [64, 64, 0, 128]]], np.uint8)
    blend(image, Patch(2, 1, rgba), 0.5)
    np.testing.assert_array_equal(image[1, 2], [178, 50, 50])
    np.testing.assert_array_equal(image[1, 3], [107, 107, 75])
    image[1, 2:] = 100
    assert (image == 100).all()


@pytest.mark.parametrize("place", [(10, 20), (11, 21), (0, 0), (63, 44)])
@pytest.mark.parametrize("opacity", [1.0, 0.9, 0.3])
def test_blending_in_luma_and_chroma_is_blending_in_colours(place: tuple[int, int], opacity: float) -> None:
    from av.video.frame import VideoFrame

    y, x = np.mgrid[0:64, 0:96]
    image = np.stack([60 + x, 200 - 2 * y, 90 + y], -1).astype(np.uint8)
    rgba = np.zeros((20, 33, 4), np.uint8)
    rgba[:, 5:] = [200, 180, 150, 220]
    frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p", dst_colorspace="ITU709")
    blend_frame(frame, Patch(*place, rgba), opacity)
    got = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
    blend(image, Patch(*place, rgba), opacity)
    off = np.abs(got - image)
    inside = np.ones(off.shape[:2], bool)
    # Chroma has half the resolution: at the patch's edges colours run into each other, as in any such video.
    edge = place[0] + 5
    inside[:, max(0, edge - 3) : edge + 3] = False
    for side, size in ((place[1], 64), (place[1] + 20, 64)):
        inside[max(0, side - 3) : min(size, side + 3)] = False
    inside[:, max(0, place[0] + 30) : place[0] + 36] = False
    assert off[inside].max() <= 6
    assert off[inside].mean() < 1.5
