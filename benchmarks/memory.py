"""Memory and time by the length of a recording: `pase run` on hours of footage without hours of networks.

    pase pose2d clip.mp4 -o keypoints.json
    python -m benchmarks.memory keypoints.json [--frames 10000 30000 108000] [-- FLAGS OF pase run]

A long video is made whose picture does not matter, and in `pase run` the networks answer with the given keypoints,
played forwards and backwards over and over. They are started as always, and run on the first second of the video, so
that they take their memory. All else is done as ever. Told is the memory of the whole process tree, helping processes
included (the kernel's proportional set size, every fifth of a second): Linux only.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.common import header, line, make_parser, parse_with_flags, progress, show
from benchmarks.speed import loop

from pase.cli import main as pase
from pase.data import HALPE26, Keypoints2D
from pase.media import VideoWriter
from pase.media.frames import Frame
from pase.media.write import Encoding
from pase.pipeline.report import Report
from pase.pose2d.detector import PersonDetector
from pase.pose2d.keypoints import Pose
from pase.pose2d.readers import read_keypoints
from pase.pose2d.tracking.lookahead import PairedNetwork
from pase.pose2d.tracking.prominence import boxes_of
from pase.pose2d.tracking.similarity import overlap
from pase.pose2d.tracking.tracker import Tracker

RATE_HZ = 30.0
GENUINE_FRAMES = 30
LONGER_SIDE = 640
SAMPLE_S = 0.2
_START = "start"
_PICTURES = 4
"""Pictures that may be looked at, at the same time."""


def main() -> int:
    """Make the footage, run, measure, print."""
    if sys.argv[1:2] == ["--answering"]:
        return run_answering(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
    options = parse(sys.argv[1:])
    period = 2 * max(len(person) for person in read_keypoints(options.keypoints)) - 2
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        clip = Path(scratch) / "clip.mp4"
        make_clip(clip, period, picture_size(options.keypoints))
        for frames in options.frames:
            video = Path(scratch) / "video.mp4"
            loop(clip, video, -(-frames // period))
            rows.append(measure(options.keypoints, video, Path(scratch) / "result", options.flags))
            progress(json.dumps(rows[-1]))
    show(markdown(rows), options.markdown)
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Options; what follows `--` goes to `pase run`."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("keypoints", type=Path)
    parser.add_argument(
        "--frames", type=int, nargs="+", default=[10_000, 30_000, 108_000], help="at least so many"
    )
    return parse_with_flags(parser, words)


def picture_size(keypoints: Path) -> tuple[int, int]:
    """The keypoints' picture made small: what is decoded is let go of, whatever its size."""
    width, height = read_keypoints(keypoints)[0].image_size
    zoom = min(1.0, LONGER_SIDE / max(width, height))
    return 2 * round(zoom * width / 2), 2 * round(zoom * height / 2)


def make_clip(path: Path, frames: int, size: tuple[int, int]) -> None:
    """A video of a still picture full of corners, so that the camera is found to stand still."""
    coarse = np.random.default_rng(0).integers(40, 216, (size[1] // 10 + 1, size[0] // 10 + 1, 3), np.uint8)
    picture = coarse.repeat(10, 0).repeat(10, 1)[: size[1], : size[0]]
    with VideoWriter(path, size, RATE_HZ, Encoding(23, "ultrafast")) as writer:
        for number in range(frames):
            writer.write(np.ascontiguousarray(picture), number / RATE_HZ)


def measure(keypoints: Path, video: Path, output: Path, flags: Sequence[str]) -> dict[str, Any]:
    """Run the whole command once; processor seconds and peaks in MB of its process tree by stage."""
    stage = output.with_name("stage")
    stage.write_text(_START)
    words = ["run", str(video), "-o", str(output), "--overwrite", *flags]
    command = [sys.executable, "-m", "benchmarks.memory", "--answering", str(keypoints), str(stage), *words]
    peaks: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    start, before = time.perf_counter(), 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(SAMPLE_S)  # at first it is still a copy of this process
        name = stage.read_text() or _START
        memory, processor = of_tree(process.pid)
        peaks[name] = max(peaks[name], memory)
        # A process that has ended takes its seconds with it.
        seconds[name] += max(0.0, processor - before)
        before = processor
    if process.returncode:
        sys.exit(f"pase run ended with status {process.returncode}")
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return {
        "frames": report["source"]["frames"],
        "persons": len(report["persons"]),
        "peak_mb": dict(peaks),
        "processor_s": dict(seconds),
        "wall_s": report["seconds"] | {"all": time.perf_counter() - start},
        "files_mb": {name: (output / name).stat().st_size / 1e6 for name in report["files"]},
    }


def of_tree(root: int) -> tuple[float, float]:
    """Memory in MB of a process and all that it started, what they share counted once; and processor seconds."""
    parents, seconds = {}, {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
            seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    tree, grown = {root}, True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree, grown = tree | children, bool(children)
    memory = 0.0
    for pid in tree:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    memory += float(line.split()[1]) / 1000
    return memory, sum(seconds.get(pid, 0.0) for pid in tree)


def run_answering(keypoints: Path, stage: Path, words: Sequence[str]) -> int:
    """`pase` with the networks' answers taken from a file; tells the stage in another file."""
    timed = Report.timed

    @contextlib.contextmanager
    def timed_stage(report: Report, name: str) -> Iterator[None]:
        stage.write_text(name)
        with timed(report, name):
            yield
        stage.write_text(f"after {name}")

    Report.timed = timed_stage  # type: ignore[method-assign, assignment]
    answer(read_keypoints(keypoints))
    return pase(list(words))


def answer(people: Sequence[Keypoints2D]) -> None:
    """Have the networks of this process answer with given keypoints, forwards and backwards over and over."""
    last = max(len(person) for person in people) - 1
    boxes = [boxes_of(person) for person in people]
    zoom = np.ones(1)
    pictures: dict[int, int] = {}
    """Numbers of the frames by the identity of their pictures: the detector looks ahead on a second thread."""
    genuine_detector, genuine_network = PersonDetector.__call__, PairedNetwork.__call__
    add = Tracker.add

    def row(index: int) -> int:
        return last - abs(index % (2 * last) - last)

    def add_noting_frame(tracker: Tracker, frame: Frame, following: Frame | None = None) -> None:
        for coming in (frame, following):
            if coming is not None:
                pictures.pop(id(coming.image), None)  # the youngest come last
                pictures[id(coming.image)] = coming.index
        while len(pictures) > _PICTURES:
            del pictures[next(iter(pictures))]
        zoom[0] = max(frame.image.shape[:2]) / max(people[0].image_size)
        add(tracker, frame, following)

    def visible_people(index: int) -> list[int]:
        return [n for n, of in enumerate(boxes) if row(index) < len(of) and np.isfinite(of[row(index)]).all()]

    def boxes_in(detector: PersonDetector, image: Any) -> tuple[Any, Any]:
        index = pictures[id(image)]
        if index < GENUINE_FRAMES:
            genuine_detector(detector, image)
        visible = [zoom[0] * boxes[n][row(index)] for n in visible_people(index)]
        return np.array(visible).reshape(-1, 4), np.full(len(visible), 0.9)

    def poses_in(network: PairedNetwork, frame: Frame, boxes_px: Any, turns: Sequence[int]) -> list[Pose]:
        if frame.index < GENUINE_FRAMES:
            genuine_network(network, frame, boxes_px, turns)
        visible = visible_people(frame.index)
        if not visible:
            return [Pose(np.zeros((26, 2)), np.zeros(26), np.ones((26, 2))) for _ in boxes_px]
        likeness = overlap(
            np.asarray(boxes_px), np.array([zoom[0] * boxes[n][row(frame.index)] for n in visible])
        )
        return [pose(people[visible[n]], row(frame.index)) for n in likeness.argmax(1)]

    def pose(person: Keypoints2D, at: int) -> Pose:
        finite = np.isfinite(person.xy[at]).all(-1)
        sigma = np.ones((len(HALPE26), 2)) if person.sigma is None else person.sigma[at]
        xy = np.where(finite[:, None], zoom[0] * person.xy[at], -9.0)
        return Pose(
            xy, np.where(finite, person.score[at], 0.0), np.where(finite[:, None], zoom[0] * sigma, 1.0)
        )

    Tracker.add, PersonDetector.__call__, PairedNetwork.__call__ = add_noting_frame, boxes_in, poses_in  # type: ignore[method-assign, assignment]


def markdown(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Lines of the table: a column a length; peaks and processor seconds by stage."""
    names = list(dict.fromkeys(name for row in rows for name in row["peak_mb"]))
    cells = [(f"{name}, MB", [row["peak_mb"].get(name) for row in rows]) for name in names]
    cells.append(("**most, MB**", [max(row["peak_mb"].values()) for row in rows]))
    cells += [(f"{name}, processor s", [row["processor_s"].get(name) for row in rows]) for name in names]
    cells.append(("**all, processor s**", [sum(row["processor_s"].values()) for row in rows]))
    cells.append(
        ("**all, ms a frame**", [1000 * sum(row["processor_s"].values()) / row["frames"] for row in rows])
    )
    cells.append(("all, wall s", [row["wall_s"]["all"] for row in rows]))
    lines = [header("", *(f"{row['frames']:,} frames" for row in rows))]
    return lines + [
        line([name, *("" if v is None else f"{v:.0f}" for v in values)]) for name, values in cells
    ]


if __name__ == "__main__":
    sys.exit(main())
