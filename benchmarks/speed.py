"""Speed and memory: `pase run` on a clip without and with the overlay, against the bare keypoint network.

    python benchmarks/speed.py VIDEO [--loop N] [--markdown FILE] [--no-bare] [-- FLAGS OF pase run]

The bare network is given as many crops as in a run, ready made, one after the other on all cores; nothing is read,
followed, fitted or written. Ratios are given for wall time, and for processor
time, which other programs disturb less.
`--loop N` first joins the clip N times, without encoding it again: memory must not grow with the length.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flags import with_flags


def main() -> int:
    """Run, measure, print."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        video = options.video
        if options.loop > 1:
            video = Path(scratch) / f"looped{options.video.suffix}"
            loop(options.video, video, options.loop)
        result = Path(scratch) / "result"
        rows = {
            name: measure(video, result, [*options.flags, flag, "--overwrite"])
            for name, flag in (("without overlay", "--no-overlay"), ("with overlay", "--overlay"))
        }
        bare = None if options.no_bare else bare_network(video, options.flags)
    table = "\n\n".join([markdown(name, row) for name, row in rows.items()] + [against_bare(rows, bare)])
    print(table)
    if options.markdown:
        options.markdown.write_text(table + "\n", encoding="utf-8")
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Options; what follows `--` goes to `pase run`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--loop", type=int, default=1, metavar="N", help="join the clip N times")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here, too")
    parser.add_argument("--no-bare", action="store_true", help="leave the bare network out")
    return with_flags(parser, words)


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


def measure(video: Path, output: Path, flags: Sequence[str]) -> dict[str, Any]:
    """Run the whole command once and read its report."""
    command = [sys.executable, "-m", "pase", "run", str(video), "-o", str(output), *flags]
    start, before = time.perf_counter(), processor_of_children()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"pase run ended with status {status}")
    wall = time.perf_counter() - start
    unit = 1e6 if sys.platform == "darwin" else 1e3
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return {
        "frames": report["source"]["frames"],
        "size": report["source"]["image_size"],
        "seconds": report["seconds"],
        "networks": report["networks"],
        "wall": wall,
        "processor": processor_of_children() - before,
        "peak_mb": usage.ru_maxrss / unit,
    }


def processor_of_children() -> float:
    """Processor seconds of all processes started and ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bare_network(video: Path, flags: Sequence[str]) -> dict[str, float]:
    """Seconds of the keypoint network alone on as many crops as in a run: one at a time, on all cores."""
    from pase.cli_parser import parse as parse_flags
    from pase.config import leaves, make_settings
    from pase.models import model_path
    from pase.networks.onnx import network_threads, start_session
    from pase.pipeline.recording import detect, open_source
    from pase.pose2d.detect import KEYPOINT_NETWORK
    from pase.pose2d.keypoints import KeypointNetwork

    known = parse_flags(["run", str(video), "-o", "result", *flags])
    settings = make_settings({k.path: getattr(known, k.path) for k in leaves() if hasattr(known, k.path)})
    counts: list[int] = []
    place = KeypointNetwork.__call__

    def noted(network: KeypointNetwork, image: Any, found: Any, turns: Any) -> Any:
        counts.append(len(found))
        return place(network, image, found, turns)

    KeypointNetwork.__call__ = noted  # type: ignore[method-assign]
    try:
        with open_source(video) as media:
            detect(media, settings)
    finally:
        KeypointNetwork.__call__ = place  # type: ignore[method-assign]
    crops = sum(counts)
    session = start_session(model_path(KEYPOINT_NETWORK), "cpu", network_threads())
    entry = session.get_inputs()[0]
    # The time of a network does not depend on what is in the picture.
    crop = np.random.default_rng(0).normal(size=(1, 3, *entry.shape[2:])).astype(np.float32)
    for _ in range(5):
        session.run(None, {entry.name: crop})
    start, processor = time.perf_counter(), time.process_time()
    for _ in range(crops):
        session.run(None, {entry.name: crop})
    return {
        "crops": crops,
        "wall": time.perf_counter() - start,
        "processor": time.process_time() - processor,
    }


def against_bare(rows: dict[str, dict[str, Any]], bare: dict[str, float] | None) -> str:
    """The table of ratios."""
    lines = ["| | wall, s | processor, s | frames a second | wall : bare | processor : bare |"]
    lines.append("|---|---|---|---|---|---|")
    if bare is not None:
        times = f"{bare['wall']:.2f} | {bare['processor']:.2f}"
        lines.append(f"| bare keypoint network, {bare['crops']:.0f} crops | {times} | | 1 | 1 |")
    for name, row in rows.items():
        ratios = ["", ""] if bare is None else [f"{row[k] / bare[k]:.2f}" for k in ("wall", "processor")]
        lines.append(
            f"| `pase run` {name} | {row['wall']:.2f} | {row['processor']:.2f} | "
            f"{row['frames'] / row['wall']:.1f} | {ratios[0]} | {ratios[1]} |"
        )
    return "\n".join(lines)


def markdown(name: str, row: dict[str, Any]) -> str:
    """The stages of one run."""
    frames = max(1, row["frames"])
    width, height = row["size"]
    stages = row["seconds"] | {"start and the rest": row["wall"] - sum(row["seconds"].values())}
    lines = [
        f"{name.capitalize()}: {frames} frames of {width} × {height}; peak memory {row['peak_mb']:.0f} MB",
        "",
    ]
    lines += ["| stage | seconds | ms a frame |", "|---|---|---|"]
    lines += [f"| {name} | {value:.2f} | {1000 * value / frames:.1f} |" for name, value in stages.items()]
    lines.append(f"| all, wall time | {row['wall']:.2f} | {1000 * row['wall'] / frames:.1f} |")
    lines.append(f"| all, processor time | {row['processor']:.2f} | {1000 * row['processor'] / frames:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
