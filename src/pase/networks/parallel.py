"""Run a PyTorch network over several inputs at once, one processor core each."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pase.networks.checkpoint import require_torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> Generator[Result, None, None]:
    """Results of a function that runs a network, in order.

    Cores that share one input wait for each other hundreds of times; where another program holds one of them
    the others spin. With an input each they need not: as fast on an idle machine, several times faster on a busy
    one. Cores left over are shared out.

    Parameters
    ----------
    function
        Runs the network on one item; called from several threads.
    """
    torch = require_torch()
    cores = torch.get_num_threads()
    workers = min(cores, len(items))
    if workers <= 1:
        yield from map(function, items)
        return

    def call(item: Item) -> Result:
        torch.set_num_threads(cores // workers)
        return function(item)

    try:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(call, items)
    finally:
        torch.set_num_threads(cores)
