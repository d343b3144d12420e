"""Linear algebra on one thread: the estimator's matrices are too small for more to help."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function with the linear algebra library held to one thread.

    Threads that wait for one another on matrices of some hundred rows cost more than they save, up to ten
    times on a busy computer.
    """

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        with threadpool_limits(1, user_api="blas"):
            return function(*args, **kwargs)

    return held
