"""A batch on a Dask scheduler with two workers, each a process of its own, of which one is killed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pase.batch.run import run_batch
from pase.config import make_settings
from runs import QUICK, QUICK_FLAGS, own_environment, pase_command, wait_until

pytest.importorskip("distributed", reason="needs the extra 'batch'")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process of Dask's command line; all are ended after the test."""
    begun: list[subprocess.Popen[str]] = []
    environment = own_environment()

    def run(*words: str) -> subprocess.Popen[str]:
        output = (tmp_path / f"dask_{len(begun)}.log").open("w", encoding="utf-8")
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        begun.append(
            subprocess.Popen(command, stdout=output, stderr=output, text=True, env=environment, cwd=tmp_path)
        )
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(start: Start, tmp_path: Path) -> str:
    """Address of a scheduler without workers."""
    file = tmp_path / "scheduler.json"
    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    wait_until(file.exists)
    return str(json.loads(file.read_text(encoding="utf-8"))["address"])


def worker(start: Start, scheduler: str) -> subprocess.Popen[str]:
    """One worker, without a guard that would start it again."""
    return start("worker", scheduler, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")


def test_a_worker_that_is_killed_in_mid_job_loses_nothing(
    photos: Path, networks: tuple[Path, Path], scheduler: str, start: Start, tmp_path: Path
) -> None:
    from distributed import Client

    output = tmp_path / "out"
    workers = [worker(start, scheduler) for _ in range(2)]
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=90)
    (photos / "broken.jpg").unlink()
    command = pase_command("batch", photos, "-o", output, "--scheduler", scheduler, *QUICK_FLAGS)
    batch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own_environment())
    wait_until(lambda: len(list((output / "trials").glob(".*.lock"))) == 2)
    workers[0].kill()
    output_text, _ = batch.communicate(timeout=180)
    assert batch.returncode == 0 and "trials   3   failed  0" in output_text
    assert "its worker was lost; another one does it" in (output / "batch.log").read_text(encoding="utf-8")
    assert sorted(p.name for p in (output / "trials").iterdir()) == ["früh", "late", "nobody"]
    again = run_batch(photos, output, make_settings(QUICK))
    assert all(entry.kept for entry in again.entries)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler answers at tcp://127.0.0.1:1"),
        (["--scheduler", "nonsense://x"], "no Dask scheduler answers"),
        (["--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"], "--jobs is for this computer"),
    ],
)
def test_a_scheduler_that_is_none_is_refused(
    words: list[str],
    message: str,
    photos: Path,
    networks: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Callable[..., str],
) -> None:
    monkeypatch.setattr("pase.batch.cluster.PATIENCE_S", 1)
    assert message in refused("batch", photos, "-o", tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


def test_a_scheduler_without_workers_or_with_another_version_is_refused(
    photos: Path,
    networks: tuple[Path, Path],
    scheduler: str,
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Callable[..., str],
) -> None:
    from distributed import Client

    words = ["batch", photos, "-o", tmp_path / "out", "--scheduler", scheduler]
    assert "has no workers: start some with 'dask worker" in refused(*words)
    worker(start, scheduler)
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=90)
    monkeypatch.setattr("pase.batch.cluster.__version__", "99.0")
    assert "but this is 99.0" in refused(*words)
    assert not (tmp_path / "out").exists()
