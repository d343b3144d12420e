"""A process that calls functions: its answers, and how it ends."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pase.processes import CallFailedError, Interpreter, ProcessLostError


def halved(job: int, progress: Callable[[int], None]) -> float:
    progress(job)
    return job / 2


def ended(job: int, progress: Callable[[int], None]) -> None:
    os._exit(job)


@pytest.fixture
def process() -> Iterator[Interpreter]:
    process = Interpreter(threads=1)
    yield process
    process.close(10.0)


def nothing(*arguments: Any) -> None:
    """Hear what a function tells."""


def test_calls_are_answered_one_after_the_other(process: Interpreter) -> None:
    heard: list[int] = []
    assert [process.call(halved, job, heard.append) for job in (3, 4)] == [1.5, 2.0]
    assert heard == [3, 4]


def test_an_error_is_told_and_the_next_call_answered(process: Interpreter) -> None:
    with pytest.raises(CallFailedError, match="TypeError"):
        process.call(halved, "x", nothing)
    assert process.call(halved, 2, nothing) == 1.0


def test_how_it_ended_is_told(process: Interpreter) -> None:
    with pytest.raises(ProcessLostError, match="ended by itself .code 3."):
        process.call(ended, 3, nothing)
    assert not process.alive


def test_the_answer_to_a_call_that_was_broken_off_is_not_that_to_the_next(process: Interpreter) -> None:
    def refuse(count: int) -> None:
        raise KeyError(count)

    with pytest.raises(KeyError):
        process.call(halved, 8, refuse)
    assert not process.alive
    with pytest.raises(ProcessLostError):
        process.call(halved, 2, nothing)
