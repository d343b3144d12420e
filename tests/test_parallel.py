"""Work shared with other processes: the same results, whatever becomes of them."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pase.parallel import Helpers
from runs import wait_until

Progress = Callable[[float], None]


def doubled(job: int, progress: Progress) -> tuple[int, int]:
    progress(0.5)
    _with_another()
    progress(1.0)
    return 2 * job, os.getpid()


def died(job: int, progress: Progress) -> int:
    """Kill every process but the parent."""
    if _with_another():
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def refused(job: int, progress: Progress) -> int:
    time.sleep(0.2)
    raise ValueError(f"no {job}")


def loud(word: str, progress: Progress) -> str:
    _with_another()
    sys.stdout.write(word)
    return word + f" {os.environ['OPENBLAS_NUM_THREADS']}"


def greedy(job: int, progress: Progress) -> tuple[bool, str]:
    """Start a program that reads all its input, where this is a helping process."""
    if not _with_another():
        return False, ""
    words = [sys.executable, "-c", "import sys; print(sys.stdin.read())"]
    return True, subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=30).stdout.strip()


def process_of(job: int, progress: Progress) -> int:
    return os.getpid()


def _with_another() -> bool:
    """Whether this is a helping process; the parent waits here until one is at work, however slow it starts."""
    note = Path(os.environ["TEST_NOTE"])
    helping = os.getpid() != int(os.environ["TEST_PARENT"])
    if helping:
        note.touch()
    else:
        wait_until(note.is_file)
    return helping


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Helpers:
    monkeypatch.setenv("TEST_PARENT", str(os.getpid()))
    monkeypatch.setenv("TEST_NOTE", str(tmp_path / "at work"))
    return Helpers(2)


def test_jobs_are_shared_and_results_are_in_order(helpers: Helpers) -> None:
    shares: list[float] = []
    with helpers:
        results = helpers.map(doubled, range(12), shares.append)
    assert [value for value, _ in results] == [2 * job for job in range(12)]
    assert os.getpid() in {process for _, process in results} and len({p for _, p in results}) > 1
    assert shares == sorted(shares) and shares[-1] <= 1


def test_a_program_that_a_job_starts_does_not_read_the_next_job(helpers: Helpers) -> None:
    with helpers:
        done = helpers.map(greedy, range(6))
    assert {word for _, word in done} == {""}
    assert any(helped for helped, _ in done)


def test_a_job_is_cut_to_its_part_when_its_turn_comes(helpers: Helpers) -> None:
    with helpers:
        doubles = helpers.in_turn(doubled, ["a", "bcd", ""], make_job=len)
        assert [value for value, _ in doubles] == [2, 6, 0]


def test_without_helpers_everything_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PARENT", str(os.getpid()))
    monkeypatch.setenv("TEST_NOTE", __file__)
    with Helpers(0) as helpers:
        assert helpers.map(doubled, range(2)) == [(0, os.getpid()), (2, os.getpid())]
        assert helpers.begin(doubled, [4])() == [(8, os.getpid())]
        assert helpers.map(doubled, []) == []


def test_few_jobs_are_left_to_a_process_while_there_is_one(helpers: Helpers) -> None:
    with helpers:
        assert os.getpid() not in helpers.begin(process_of, [1, 2, 3], worth_joining=4)()
        assert helpers.begin(died, [1, 2], worth_joining=4)() == [1, 2]
    with Helpers(0) as alone:
        assert alone.begin(process_of, [1, 2, 3], worth_joining=4)() == 3 * [os.getpid()]


def test_variable_and_cores_tell_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASE_THREADS", "1")
    with Helpers() as helpers:
        assert helpers.count == 0
    monkeypatch.delenv("PASE_THREADS")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with Helpers() as helpers:
        assert helpers.count == 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there are no such signals here")
def test_the_work_of_a_process_that_dies_is_done_here(
    helpers: Helpers, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), helpers:
        assert helpers.map(died, range(40)) == list(range(40))
        assert helpers.begin(died, [7])() == [7]
    assert "done anew" in caplog.text


def test_a_process_that_cannot_start_is_told(
    helpers: Helpers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TEST_NOTE", __file__)  # there is nobody to wait for
    monkeypatch.setattr(sys, "executable", str(Path(__file__).parent / "there is none"))
    with caplog.at_level(logging.WARNING), helpers:
        assert helpers.begin(doubled, [1])()[0][0] == 2
        assert [value for value, _ in helpers.map(doubled, range(3))] == [0, 2, 4]
    assert "no process to help can be started" in caplog.text


def test_an_error_is_that_of_the_work_and_ends_the_processes(helpers: Helpers) -> None:
    with pytest.raises(ValueError, match="no "), helpers:
        helpers.map(refused, range(5))
    with pytest.raises(ValueError, match="no 3"), Helpers(1) as second:
        second.begin(refused, [3])()


def test_what_a_process_prints_does_not_come_between(helpers: Helpers) -> None:
    with helpers:
        begun = helpers.begin(loud, ["word"])
        wait_until(Path(os.environ["TEST_NOTE"]).is_file)  # so that the process takes it, not this one
        assert begun() == ["word 1"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there are no such signals here")
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_no_process_outlives_its_parent(how: str, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = (
        "import sys, time; from pathlib import Path\n"
        "from test_parallel import waiting; from pase.parallel import Helpers\n"
        f"with Helpers(1) as helpers:\n    begun = helpers.begin(waiting, [{str(note)!r}])\n    time.sleep(30)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL
    ) as parent:
        wait_until(note.is_file)
        parent.send_signal(getattr(signal, how))
        assert parent.wait(20) != 0
    child = int(note.read_text())
    wait_until(lambda: not _runs(child))


def waiting(note: str, progress: Progress) -> None:
    """Say which process this is, and work for longer than its parent lives."""
    marker = Path(note + "_")
    marker.write_text(str(os.getpid()))
    marker.rename(note)
    time.sleep(1.5)


def _runs(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    try:
        os.kill(process, 0)
        return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
