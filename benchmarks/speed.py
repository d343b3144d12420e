"""Speed and memory: milliseconds a frame for each stage and the peak memory of `pase run` on a clip.

    python benchmarks/speed.py VIDEO [--loop N] [--markdown FILE] [-- FLAGS OF pase run]

`--loop N` first joins the clip N times, without encoding it again: memory must not grow with the length.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def main() -> int:
    """Run, measure, print."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        video = options.video
        if options.loop > 1:
            video = Path(scratch) / f"looped{options.video.suffix}"
            loop(options.video, video, options.loop)
        row = measure(video, Path(scratch) / "result", options.flags)
    table = markdown(row)
    print(table)
    if options.markdown:
        options.markdown.write_text(table + "\n", encoding="utf-8")
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Options; what follows `--` goes to `pase run`."""
    words = list(words)
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--loop", type=int, default=1, metavar="N", help="join the clip N times")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here, too")
    options = parser.parse_args(words[:cut])
    options.flags = words[cut + 1 :]
    return options


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
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"pase run ended with code {done.returncode}")
    wall = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return {
        "frames": report["source"]["frames"],
        "size": report["source"]["image_size"],
        "seconds": report["seconds"],
        "wall": wall,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / unit,
    }


def markdown(row: dict[str, Any]) -> str:
    """The table."""
    frames = max(1, row["frames"])
    width, height = row["size"]
    stages = row["seconds"] | {"start and the rest": row["wall"] - sum(row["seconds"].values())}
    lines = [f"{frames} frames of {width} × {height}; peak memory {row['peak_mb']:.0f} MB", ""]
    lines += ["| stage | seconds | ms a frame |", "|---|---|---|"]
    lines += [f"| {name} | {value:.2f} | {1000 * value / frames:.1f} |" for name, value in stages.items()]
    lines.append(f"| all, wall time | {row['wall']:.2f} | {1000 * row['wall'] / frames:.1f} |")
    lines.append(f"| all, processor time | {row['processor']:.2f} | {1000 * row['processor'] / frames:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
