"""Speed and memory of `pase run`, by stage, against the bare keypoint network and against the film's own length.

    python -m benchmarks.speed VIDEO [--cases NAMES] [--end SECONDS] [--loop N] [--markdown FILE] [-- FLAGS]

The bare network places keypoints in every frame of everybody, in crops that are ready made: nothing is read,
followed, fitted or written. It is measured at its best: one after the other on all cores, and with a session for
every core; what is faster counts. Ratios are given for wall and for processor time, which other programs disturb
less.

Cases, made of one film: `film`, as it is; `half`, every second frame; `slow` and `fast`, the same frames at half
and at four times the rate, so that everything is as much slower or faster (30 and 240 frames a second of a film of
60); `five`, five of the film beside one another. `--loop N` shows the film forwards and backwards N times, so that it
goes on without a cut: memory must not grow with the length. Sources are compiled before, as those of an installed
package are. The last line says after how many seconds somebody who waits sees the first keypoints.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.common import header, line, make_parser, parse_with_flags, progress, show

CASES = ("film", "half", "slow", "fast", "five")
STAGES = ("pose2d", "lift", "fit", "analyse", "export", "overlay", "views")


FIRST_LOOK = """
import os, sys
from pase.pipeline.recording import find_people
from pase.config import Settings

class Watcher:
    watching = True

    def __call__(self, *progress):
        pass

    def show(self, look):
        os._exit(0)

find_people(sys.argv[1], Settings(), Watcher())
sys.exit("nobody was seen")
"""
"""Ends when the first look is there."""


@dataclass(frozen=True)
class Cost:
    """Seconds of something."""

    wall: float
    processor: float


@dataclass(frozen=True)
class Measured:
    """One run."""

    cost: Cost
    seconds: dict[str, float]
    """Wall time by stage."""
    frames: int
    film_s: float
    crops: int
    """Frames of everybody, looked at or not."""
    looked: int
    """Those in which keypoints were measured."""
    peak_mb: float


def main() -> int:
    """Run, measure, print."""
    options = parse(sys.argv[1:])
    costs = ("wall : film", "wall : bare", "processor : bare", *(f"{stage}, s" for stage in STAGES))
    lines = [
        header(
            "case", "frames, film", "crops, looked at", "overlay", *costs, "start and the rest, s", "peak, MB"
        )
    ]
    compile_sources()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.cases:
            video, flags = film_of_case(name, options, Path(scratch))
            runs = [
                measure(video, Path(scratch) / "result", [*options.flags, *flags, flag, "--overwrite"])
                for flag in ("--no-overlay", "--overlay")
            ]
            bare = bare_network(max(runs[0].crops, 1))
            for run, overlay in zip(runs, ("no", "yes"), strict=True):
                lines.append(progress(row(name, run, bare, overlay)))
    lines += ["", f"First look at `{options.video.name}` after {first_look_s(options.video):.1f} s."]
    show(lines, options.markdown)
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Options; what follows `--` goes to `pase run`."""
    parser = make_parser(__doc__, markdown=True)
    parser.add_argument("video", type=Path)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=["film"], metavar="NAME")
    parser.add_argument(
        "--end", type=float, metavar="SECONDS", help="so much of the film; all when not given"
    )
    parser.add_argument("--loop", type=int, default=0, metavar="N", help="N times forwards and backwards")
    return parse_with_flags(parser, words)


def film_of_case(case: str, options: argparse.Namespace, folder: Path) -> tuple[Path, list[str]]:
    """The film of a case, and flags of `pase run` with it."""
    from pase.media import Footage, open_media

    source = Footage(options.video, end_s=options.end)
    with open_media(source) as media:
        rate = media.frame_rate
    if case == "half":
        return rewritten(source, folder / "half.mp4", step=2), []
    if case == "five":
        return rewritten(source, folder / "five.mp4", copies=5), []
    video = options.video
    if options.loop:
        video = folder / "looped.mp4"
        loop(there_and_back(source, folder / "there_and_back.mp4"), video, options.loop)
    flags = [] if options.end is None or options.loop else ["--end", str(options.end)]
    times = {"film": 1.0, "slow": 0.5, "fast": 4.0}[case]
    return video, flags if times == 1.0 else [*flags, "--rate", str(rate * times)]


def rewritten(source: Any, target: Path, step: int = 1, copies: int = 1) -> Path:
    """A film of every `step`-th frame, with several copies beside one another at half the size."""
    import cv2

    from pase.media import VideoWriter, open_media
    from pase.media.write import Encoding

    with open_media(source) as media:
        width, height = media.image_size
        if copies > 1:
            width, height = width // 4 * 2, height // 4 * 2
        with VideoWriter(target, (copies * width, height), media.frame_rate / step, Encoding(18)) as writer:
            for frame in islice(media.frames(), 0, None, step):
                image = frame.image if copies == 1 else cv2.resize(frame.image, (width, height))
                writer.write(np.hstack([image] * copies), frame.time)
    return target


def there_and_back(source: Any, target: Path) -> Path:
    """A film forwards and then backwards."""
    from pase.media import VideoWriter, open_media
    from pase.media.write import Encoding

    with open_media(source) as media:
        # As pictures in the encoder's own format they take half the memory.
        pictures = [frame.for_encoder(media.image_size) for frame in media.frames()]
        with VideoWriter(target, media.image_size, media.frame_rate, Encoding(18)) as writer:
            for number, picture in enumerate([*pictures, *pictures[::-1]]):
                writer.write_frame(picture, number / media.frame_rate)
    return target


def loop(source: Path, target: Path, times: int) -> None:
    """Join a clip with itself, packet by packet."""
    import av

    with av.open(str(target), "w") as output:
        stream, shift = None, 0
        for _ in range(times):
            with av.open(str(source)) as clip:
                video = clip.streams.video[0]
                stream = stream or output.add_stream_from_template(video)
                end = shift
                for packet in clip.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                    end = max(end, packet.pts + (packet.duration or 1))
                    packet.stream = stream
                    output.mux(packet)
                shift = end


def compile_sources() -> None:
    """Let the programs that are started find compiled sources, whatever the environment says."""
    import pase

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(Path(pase.__file__).parent)], check=True)


def first_look_s(video: Path) -> float:
    """Seconds from the start of a program to the first keypoints that it can show."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST_LOOK, str(video)], check=True)
    return time.perf_counter() - start


def measure(video: Path, output: Path, flags: Sequence[str]) -> Measured:
    """Run the whole command once and read its result."""
    from pase.pipeline.recording import read_people

    command = [sys.executable, "-m", "pase", "run", str(video), "-o", str(output), *flags]
    start, before = time.perf_counter(), processor_of_children()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"pase run ended with status {status}")
    cost = Cost(time.perf_counter() - start, processor_of_children() - before)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    people = read_people(output / "keypoints.json")
    visible = [person.seen for person in people]
    looked = [s & p.measured if p.measured is not None else s for s, p in zip(visible, people, strict=True)]
    times = people[0].time if people else np.zeros(1)
    return Measured(
        cost,
        report["seconds"],
        report["source"]["frames"],
        float(times[-1] - times[0]),
        int(sum(frames.sum() for frames in visible)),
        int(sum(frames.sum() for frames in looked)),
        usage.ru_maxrss / unit,
    )


def processor_of_children() -> float:
    """Processor seconds of all processes started and ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bare_network(crops: int) -> Cost:
    """The keypoint network alone on so many crops, in the faster of two ways to use all cores."""
    from pase.models import model_path
    from pase.networks.onnx import network_threads, start_session
    from pase.pose2d.user_network import KEYPOINT_NETWORK

    cores = network_threads()
    path = model_path(KEYPOINT_NETWORK)
    # The time of a network does not depend on what is in the picture.
    crop = np.random.default_rng(0).normal(size=(1, 3, 256, 192)).astype(np.float32)

    def run_crops(session: Any, count: int) -> None:
        for _ in range(count):
            session.run(None, {session.get_inputs()[0].name: crop})

    together = start_session(path, "cpu", cores)
    apart = [start_session(path, "cpu", 1) for _ in range(cores)]

    def side_by_side() -> None:
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(lambda session: run_crops(session, -(-crops // cores)), apart))

    return min((timed(lambda: run_crops(together, crops)), timed(side_by_side)), key=lambda cost: cost.wall)


def timed(work: Callable[[], object]) -> Cost:
    """What something costs in this process."""
    start, processor = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - start, time.process_time() - processor)


def row(name: str, run: Measured, bare: Cost, overlay: str) -> str:
    """One line of the table."""
    beside = sum(run.seconds.get(stage, 0.0) for stage in ("analyse", "export", "views"))
    overlap = min(beside, run.seconds.get("overlay", 0.0))
    rest = run.cost.wall - sum(run.seconds.values()) + overlap
    ratios = (
        run.cost.wall / max(run.film_s, 1e-9),
        run.cost.wall / bare.wall,
        run.cost.processor / bare.processor,
    )
    cells = [
        name,
        f"{run.frames}, {run.film_s:.1f} s",
        f"{run.crops}, {run.looked / max(run.crops, 1):.0%}",
        overlay,
        *(f"{ratio:.2f}" for ratio in ratios),
        *(f"{run.seconds[stage]:.1f}" if stage in run.seconds else "–" for stage in STAGES),
        f"{rest:.1f}",
        f"{run.peak_mb:.0f}",
    ]
    return line(cells)


if __name__ == "__main__":
    sys.exit(main())
