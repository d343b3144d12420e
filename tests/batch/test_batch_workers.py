"""Processes that do jobs: they are told their threads, may die, and are stopped."""

import sys
from pathlib import Path

import batch_jobs
import pytest
from batch_jobs import Job

from pase.batch.workers import JOB_BYTES, Processes, WorkerLostError, free_memory, suggested_jobs
from runs import wait_until

Reports = list[tuple[str, str, int, int | None]]


@pytest.fixture
def reports() -> Reports:
    """What the jobs told of their progress."""
    return []


def workers(count: int, reports: Reports, threads: int = 1) -> Processes:
    return Processes(count, threads, lambda *step: reports.append(step))


def test_jobs_know_their_threads_and_tell_their_progress(tmp_path: Path, reports: Reports) -> None:
    with workers(1, reports, threads=3) as pool:
        first, second = (
            pool.submit(batch_jobs.tell_threads, Job(name, tmp_path / name)).result() for name in "ab"
        )
    assert set(first.result["threads"]) == {"3"}
    assert first.result["process"] == second.result["process"], "a process does one job after the other"
    assert reports == [("a", "looking", 1, 2), ("b", "looking", 1, 2)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_killed_job_is_tried_once_more_and_the_others_do_not_notice(
    tmp_path: Path, reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    with workers(2, reports) as pool:
        lost = pool.submit(batch_jobs.die_once, Job("lost", tmp_path / "lost"))
        hopeless = pool.submit(batch_jobs.die, Job("hopeless", tmp_path / "x"))
        later = pool.submit(batch_jobs.tell_threads, Job("other", tmp_path / "y"))
        assert lost.result().result == {"tries": 2}
        with pytest.raises(
            WorkerLostError, match="was killed .SIGKILL, as the system does when memory is short"
        ):
            hopeless.result()
        assert later.result().error == ""
    assert sum("it is tried once more" in message for message in caplog.messages) == 2
    assert any(message.startswith("lost: its process was killed (SIGKILL") for message in caplog.messages)


def test_a_job_that_ends_its_process_is_lost(tmp_path: Path, reports: Reports) -> None:
    with workers(1, reports) as pool, pytest.raises(WorkerLostError, match=r"ended by itself .code 3"):
        pool.submit(batch_jobs.leave, Job("leaving", tmp_path / "x")).result()


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_leaving_by_an_error_stops_the_jobs_and_lets_them_tidy_up(tmp_path: Path, reports: Reports) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(KeyboardInterrupt), workers(1, reports) as pool:
        running = pool.submit(batch_jobs.wait_for_the_end, Job("long", trace))
        waiting = pool.submit(batch_jobs.wait_for_the_end, Job("next", tmp_path / "next"))
        wait_until(lambda: trace.exists() and trace.read_text("utf-8"), 30)
        raise KeyboardInterrupt
    assert trace.read_text(encoding="utf-8") == "tidied"
    assert waiting.cancelled() and not (tmp_path / "next").exists()
    with pytest.raises(WorkerLostError):
        running.result()


def test_jobs_are_as_many_as_processors_memory_and_trials_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_memory()
    assert free is None or free > 0
    monkeypatch.setattr("pase.batch.workers.free_memory", lambda: 3 * JOB_BYTES)
    assert [suggested_jobs(trials, cores) for trials, cores in ((9, 8), (9, 2), (1, 8))] == [3, 2, 1]
    monkeypatch.setattr("pase.batch.workers.free_memory", lambda: 0)
    assert suggested_jobs(9, 8) == 1
    monkeypatch.setattr("pase.batch.workers.free_memory", lambda: None)
    assert suggested_jobs(9, 8) == 8
