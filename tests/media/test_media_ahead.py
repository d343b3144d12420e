"""Reading ahead changes nothing but the time it takes."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pase.media.ahead import ahead


@given(st.lists(st.integers()), st.integers(1, 5))
def test_everything_comes_in_order(items: list[int], waiting: int) -> None:
    assert list(ahead(items, waiting)) == items


def test_no_more_is_read_than_may_wait() -> None:
    decoded: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            decoded.append(number)
            yield number

    reader = ahead(numbers(), 3)
    assert next(reader) == 0
    reader.close()
    assert len(decoded) <= 1 + 3 + 1


def test_failures_come_where_they_belong_and_the_source_is_closed() -> None:
    closed, threads = [], threading.active_count()

    def failing() -> Iterator[int]:
        try:
            yield 1
            yield 2
            raise ZeroDivisionError("third")
        finally:
            closed.append(True)

    got = []
    with pytest.raises(ZeroDivisionError, match="third"):
        for item in ahead(failing()):
            got.append(item)
    assert got == [1, 2]
    assert closed == [True]
    assert threading.active_count() == threads


def test_a_caller_that_stops_early_leaves_no_thread() -> None:
    closed, threads = [], threading.active_count()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        for _ in ahead(endless()):
            raise KeyboardInterrupt
    assert threading.active_count() <= threads + 1


def test_closing_runs_the_clean_up_of_the_source() -> None:
    closed = []

    def numbers() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.append(True)

    reader = ahead(numbers())
    next(reader)
    reader.close()
    assert closed == [True]
