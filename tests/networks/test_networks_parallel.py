"""Several inputs at once: in order, with the threads as they were afterwards, failures passed on."""

import pytest

from pase.networks.parallel import run_parallel

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")


@pytest.mark.parametrize(("cores", "items", "each"), [(1, 3, 1), (2, 3, 1), (4, 2, 2), (4, 0, 4), (4, 1, 4)])
def test_cores_are_shared_out_and_given_back(cores: int, items: int, each: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        results = list(run_parallel(lambda item: (item, torch.get_num_threads()), list(range(items))))
        assert results == [(item, each) for item in range(items)]
        assert torch.get_num_threads() == cores
        with pytest.raises(ZeroDivisionError):
            list(run_parallel(lambda item: 1 // item, [1, 0]))
        assert torch.get_num_threads() == cores
    finally:
        torch.set_num_threads(before)
