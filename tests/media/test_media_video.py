"""Videos are read upright, whole, and with their true times."""

import gc
import struct
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from pase.errors import InputError, OutputError
from pase.media import Footage, Video, VideoWriter, open_media
from pase.media.write import Encoding

SIZE = (96, 64)
UNEVEN_TIMES = np.array([0.0, 0.04, 0.05, 0.12, 0.15, 0.30, 0.31, 0.50])
TURNS = {
    "clock": ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
    "half": ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
    "counterclock": ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
    "mirrored": ((-1, 0, 0, 1), np.fliplr),
    "upended": ((1, 0, 0, -1), np.flipud),
    "transposed": ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
    "antitransposed": ((0, -1, -1, 0), lambda image: np.rot90(image, 2).transpose(1, 0, 2)),
}


def picture(number: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A red top, a blue lower left, a green lower right and a white bar that moves with the number."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, :, 0] = 200
    image[height // 2 :, : width // 2, 2] = 200
    image[height // 2 :, width // 2 :, 1] = 200
    image[:, 8 * number : 8 * number + 8] = 255
    return image


def write_video(path: Path, times: np.ndarray, size: tuple[int, int] = SIZE) -> Path:
    with VideoWriter(path, size, 25, encoding=Encoding(5)) as writer:
        for number, time in enumerate(times):
            writer.write(picture(number, size), float(time))
    return path


def write_raw(path: Path, frames: int, pixel_format: str, codec: str = "libx264", **context: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = SIZE
        stream.pix_fmt = pixel_format
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        for number in range(frames):
            container.mux(stream.encode(VideoFrame.from_ndarray(picture(number), format="rgb24")))
        container.mux(stream.encode(None))


def set_display_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("offset", [0.0, 3.2])
def test_variable_frame_rate_keeps_every_time_and_starts_at_zero(tmp_path: Path, offset: float) -> None:
    path = write_video(tmp_path / "uneven.mkv", UNEVEN_TIMES + offset)
    with Video(path) as video:
        frames = list(video.frames())
    assert np.allclose([frame.time for frame in frames], UNEVEN_TIMES, atol=1e-3)
    assert [frame.index for frame in frames] == list(range(len(UNEVEN_TIMES)))
    assert video.warnings == []


def test_frames_come_back_in_order_and_can_be_read_twice(tmp_path: Path) -> None:
    video = open_media(write_video(tmp_path / "walk.mp4", np.arange(8) / 25))
    for _ in range(2):
        for frame in video.frames():
            assert np.abs(frame.image.astype(int) - picture(frame.index)).mean() < 4
    assert (video.image_size, video.frame_count_hint) == (SIZE, 8)
    assert video.frame_rate == pytest.approx(25, abs=0.1)


@pytest.mark.parametrize("read_as", [{}, {"start_s": 0.1}, {"slow_motion": 2.0}, {"rate_hz": 50.0}])
@pytest.mark.parametrize("step", [2, 3])
def test_every_second_or_third_frame_is_as_among_all(
    tmp_path: Path, step: int, read_as: dict[str, float]
) -> None:
    path = write_video(tmp_path / "film.mp4", np.cumsum([0.0, *[0.02, 0.03] * 5]))
    with Video(Footage(path, **read_as)) as video:
        expected, chosen = list(video.frames())[::step], list(video.frames(step))
    assert [frame.time for frame in chosen] == [frame.time for frame in expected]
    for frame, like in zip(chosen, expected, strict=True):
        np.testing.assert_array_equal(frame.image, like.image)


def test_pictures_may_be_asked_for_later_backwards_and_by_several_threads(tmp_path: Path) -> None:
    video = Video(write_video(tmp_path / "a.mp4", UNEVEN_TIMES))
    at_once = [frame.image for frame in video.frames()]
    frames = list(video.frames())
    with ThreadPoolExecutor(3) as pool:
        later = list(pool.map(lambda frame: frame.image, [*frames[::-1], *frames]))
    np.testing.assert_array_equal(later[len(frames) :], at_once)
    assert all(array is frame.image for array, frame in zip(later, frames[::-1], strict=False))


def test_frames_are_freed_without_a_search_for_cycles(tmp_path: Path) -> None:
    """Of 4K film each takes 12 MB, and Python may look for cycles only after hundreds of them."""
    path = write_video(tmp_path / "a.mp4", np.arange(40) / 25)

    def alive() -> int:
        return sum(isinstance(item, VideoFrame) for item in gc.get_objects())

    gc.collect()
    before = alive()
    gc.disable()
    try:
        for frame in Video(path).frames():
            assert frame.image.shape == (64, 96, 3)
        del frame
        assert alive() - before < 10
    finally:
        gc.enable()


@pytest.mark.parametrize("time", [0.0, 0.5, 9.99, 15.0])
def test_a_picture_in_the_middle_is_found(tmp_path: Path, time: float) -> None:
    """There are several keyframes in twenty seconds."""
    times = np.arange(600) / 30
    with Video(write_video(tmp_path / "long.mp4", times)) as video:
        frame = next(frame for frame in video.frames() if frame.time >= time)
        assert np.array_equal(video.picture_at(time), frame.image)


def test_after_the_last_picture_it_is_the_last(tmp_path: Path) -> None:
    """As in the middle of a video of one frame."""
    for count, time in ((1, 1 / 60), (50, 25.0)):
        with Video(write_video(tmp_path / f"{count}.mp4", np.arange(count) / 30)) as video:
            *_, last = video.frames()
            assert np.array_equal(video.picture_at(time), last.image)


@pytest.mark.parametrize("name", TURNS)
def test_rotation_and_mirror_flags_are_undone(tmp_path: Path, name: str) -> None:
    matrix, turned = TURNS[name]
    path = write_video(tmp_path / "turned.mp4", np.arange(3) / 25)
    set_display_matrix(path, matrix)
    video = Video(path)
    frame = next(video.frames())
    expected = turned(picture())
    assert video.image_size == (expected.shape[1], expected.shape[0])
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("size", [(97, 64), (96, 63), (97, 63)])
def test_odd_sizes_are_written_one_pixel_larger(tmp_path: Path, size: tuple[int, int]) -> None:
    video = Video(write_video(tmp_path / "odd.mp4", np.arange(3) / 25, size))
    assert video.image_size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    frame = next(video.frames())
    assert np.abs(frame.image[: size[1], : size[0]].astype(int) - picture(0, size)).mean() < 4


def test_non_square_pixels_are_made_square(tmp_path: Path) -> None:
    path = tmp_path / "anamorphic.mkv"
    write_raw(path, 2, "yuv420p", sample_aspect_ratio=Fraction(3, 2))
    video = Video(path)
    assert video.image_size == (144, 64)
    assert next(video.frames()).image.shape == (64, 144, 3)


def test_interlaced_footage_keeps_its_frames_and_times(tmp_path: Path) -> None:
    path = tmp_path / "interlaced.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"x264-params": "interlaced=1:tff=1", "crf": "5"}
        for number in range(6):
            woven = picture(number)
            woven[1::2] = picture(number + 1)[1::2]
            container.mux(stream.encode(VideoFrame.from_ndarray(woven, format="rgb24")))
        container.mux(stream.encode(None))
    frames = list(Video(path).frames())
    assert np.allclose([frame.time for frame in frames], np.arange(6) / 25, atol=2e-3)
    combing = np.abs(np.diff(frames[3].image.astype(int), axis=0)).mean(axis=(1, 2))
    assert np.median(combing) < 3


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_is_brought_down(tmp_path: Path, transfer: int) -> None:
    path = tmp_path / "hdr.mkv"
    write_raw(path, 2, "yuv420p10le", "libx265", color_trc=transfer, color_primaries=9, colorspace=9)
    image = next(Video(path).frames()).image
    assert image.dtype == np.uint8
    top, left = image[10, 60].astype(int), image[50, 30].astype(int)
    assert image[30, 4].min() > 240
    assert top[0] > 150 > 100 > top[1]
    assert left[2] > 150 > 100 > left[0]


def test_a_cut_off_file_gives_its_readable_part_and_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "cut.mkv"
    with VideoWriter(path, SIZE, encoding=Encoding(5)) as writer:
        for number in range(50):
            noise = np.random.default_rng(number).integers(0, 255, (*SIZE[::-1], 3), np.uint8)
            writer.write(noise, number / 25)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    video = Video(path)
    frames = list(video.frames())
    assert 5 < len(frames) < 50
    assert any("readable to" in warning for warning in video.warnings)


def bad_files(folder: Path) -> dict[str, Path]:
    (folder / "text.mp4").write_text("this is not a video\n" * 50)
    (folder / "empty.mp4").touch()
    write_sound(folder / "sound.mp4")
    content = write_video(folder / "whole.mp4", np.arange(25) / 25).read_bytes()
    (folder / "no_index.mp4").write_bytes(content[: len(content) // 2])
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (folder / "folder.mp4").mkdir()
    return {path.stem: path for path in folder.iterdir()} | {"missing": folder / "missing.mp4"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text", "is not a video or photo"),
        ("noise", "is not a video or photo"),
        ("no_index", "cut off"),
        ("empty", "is empty"),
        ("sound", "sound only"),
        ("folder", "is a folder"),
        ("missing", "does not exist"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        open_media(bad_files(tmp_path)[name])
    assert "\n" not in str(caught.value)


def test_focal_length_tag_becomes_pixels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata["com.apple.quicktime.camera.focal_length.35mm_equivalent"] = "26"
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(VideoFrame.from_ndarray(picture(), format="rgb24")))
        container.mux(stream.encode(None))
    video = Video(path)
    assert video.focal_length_hint_px == pytest.approx(26 / (0.8 * 43.267) * max(SIZE), rel=1e-3)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_avi_with_pictures_from_later_ones_keeps_all_and_their_order(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "camera.avi"
    write_raw(path, 11, "yuv420p", codec, max_b_frames=2)
    with Video(path) as video:
        frames, every_third = list(video.frames()), list(video.frames(3))
    assert video.warnings == []
    assert [frame.time for frame in frames] == pytest.approx(np.arange(11) / 25)
    for frame in frames:
        assert np.abs(frame.image.astype(int) - picture(frame.index)).mean() < 8
    assert [frame.index for frame in every_third] == [0, 3, 6, 9]


def test_full_range_motion_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "camera.avi"
    write_raw(path, 4, "yuvj420p", "mjpeg", color_range=2)
    frames = list(Video(path).frames())
    assert [frame.time for frame in frames] == pytest.approx(np.arange(4) / 25)
    assert np.abs(frames[0].image.astype(int) - picture()).mean() < 8


def test_colours_of_written_video_are_those_given(tmp_path: Path) -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, :32], image[:, 32:64], image[:, 64:] = (200, 40, 40), (40, 200, 40), (40, 40, 200)
    with VideoWriter(tmp_path / "colours.mp4", SIZE, encoding=Encoding(1)) as writer:
        writer.write(image, 0.0)
    back = next(Video(tmp_path / "colours.mp4").frames()).image
    for column in (16, 48, 80):
        assert back[30, column].tolist() == pytest.approx(image[30, column].tolist(), abs=4)


def test_an_error_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    with pytest.raises(RuntimeError, match="midway"), VideoWriter(path, SIZE) as writer:
        writer.write(picture(), 0.0)
        raise RuntimeError("midway")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("image", "time", "words"), [(picture()[:32], 1.0, "has shape"), (picture(), 0.0, "must increase")]
)
def test_wrong_frames_are_refused(tmp_path: Path, image: np.ndarray, time: float, words: str) -> None:
    with pytest.raises(InputError, match=words), VideoWriter(tmp_path / "v.mp4", SIZE) as writer:
        writer.write(picture(), 0.0)
        writer.write(image, time)


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken.mp4").mkdir()
    with pytest.raises(OutputError, match="taken.mp4"), VideoWriter(tmp_path / "taken.mp4", SIZE):
        pass
    with pytest.raises(OutputError, match="unknown"), VideoWriter(tmp_path / "video.unknown", SIZE):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["taken.mp4"]


def test_a_picture_that_was_forgotten_is_made_anew(tmp_path: Path) -> None:
    frame = next(iter(Video(write_video(tmp_path / "film.mp4", np.arange(3) / 30)).frames()))
    image = frame.image
    frame.forget_image()
    assert frame.image is not image
    np.testing.assert_array_equal(frame.image, image)


@pytest.mark.parametrize("name", ["film.gif", "film.txt", "film"])
def test_a_film_of_another_kind_is_refused_before_it_is_drawn(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"a film is a \.mp4, \.mov or \.mkv file"):
        VideoWriter(tmp_path / name, SIZE)
