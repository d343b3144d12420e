"""Linear algebra on one thread, as the matrices are too small for more to help, in memory that is reused."""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

from pase.memory import reuse_freed

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function with the linear algebra library held to one thread, and freed memory reused.

    Threads that wait for one another on matrices of some hundred rows cost more than they save, up to ten
    times on a busy computer.
    """

    @wraps(function)
    def held(*args: P.args, **kwargs: P.kwargs) -> R:
        reuse_freed()
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return held


@cache
def _libraries() -> ThreadpoolController:
    """The libraries of this process; to look for them takes as long as a step of the solver on a photo."""
    return ThreadpoolController()
