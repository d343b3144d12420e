"""Kill runs at any moment: `python tests/faults/fault_kill.py CLIP --times 20`."""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEAN = ("--no-overlay", "--no-viewer", "--no-plots", "--no-report-page", "--formats", "")


def kill_at(clip: Path, folder: Path, seconds: float | None) -> float:
    """Start a run, kill it after some seconds, and start it again, which must end well; None lets it end.

    Whatever the moment, the result must be whole or not be there, and afterwards there must be nothing else.
    Gives how many seconds the last run took.
    """
    output = folder / "out"
    command = [sys.executable, "-m", "pase", "run", str(clip), "-o", str(output), *LEAN]
    if seconds is not None:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        litter = {path.name for path in folder.iterdir()}
        assert litter <= {"out", ".out.partial", ".out.lock"}, litter
        if output.exists():
            _check_whole(output)
    begun = time.monotonic()
    again = [*command, *(["--overwrite"] if output.exists() else [])]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _check_whole(output)
    assert [path.name for path in folder.iterdir()] == ["out"]
    for path in sorted(output.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    output.rmdir()
    return time.monotonic() - begun


def _check_whole(output: Path) -> None:
    import pase
    from pase.pipeline.report import read_report

    report = read_report(output / "report.json")
    listed = set(report["files"])
    names = {p.relative_to(output).as_posix() for p in output.rglob("*") if p.is_file()}
    assert listed == names, listed ^ names
    assert len(pase.load(output)) == len(report["persons"])


def main() -> None:
    """Kill at random moments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        length = kill_at(options.clip, Path(name), None)
        for number in range(options.times):
            moment = random.uniform(0, 1.1 * length)
            kill_at(options.clip, Path(name), moment)
            print(f"{number + 1}: killed after {moment:.1f} of {length:.1f} s, resumed", flush=True)


if __name__ == "__main__":
    main()
