"""Random numbers on whatever device the training runs on."""

import math
from functools import cache

import torch
from torch import Tensor


class Dice:
    """Draws tensors of random numbers; the same seed gives the same numbers on the same device."""

    def __init__(self, seed: int, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device)
        self.generator.manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Evenly between `low` and `high`."""
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Evenly in the logarithm."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def normal(self, *shape: int) -> Tensor:
        """Of mean 0 and variance 1."""
        return torch.randn(shape, generator=self.generator, device=self.device)

    def chance(self, probability: float, *shape: int) -> Tensor:
        """True with a probability."""
        return torch.rand(shape, generator=self.generator, device=self.device) < probability

    def integers(self, end: int | Tensor, *shape: int) -> Tensor:
        """Whole numbers from 0 to below `end`, a number or a tensor of that shape."""
        drawn = torch.rand(shape, generator=self.generator, device=self.device, dtype=torch.float64) * end
        return drawn.long()

    def choose(self, weights: Tensor, count: int) -> Tensor:
        """(count,) indices, drawn with these weights and put back."""
        total = weights.double().cumsum(0)
        at = torch.rand(count, generator=self.generator, device=self.device, dtype=torch.float64) * total[-1]
        return torch.searchsorted(total, at).clamp(max=len(weights) - 1)

    def wandering(self, N: int, T: int, *rest: int, frames: float) -> Tensor:
        """(N, T, ...) noise of unit variance whose correlation falls to 1/2 after 1.67 × `frames` frames."""
        kernel = _smoothing(T, frames, self.device)
        source = self.normal(N, kernel.shape[1], *rest)
        return torch.einsum("ts,nsk->ntk", kernel, source.reshape(N, kernel.shape[1], -1)).reshape(
            N, T, *rest
        )

    def bursts(self, N: int, T: int, *rest: int, probability: float, longest: int) -> Tensor:
        """(N, T, ...) true for one stretch of up to `longest` frames in some of the windows."""
        shape = (N, 1, *rest)
        start, length = self.integers(T, *shape), 1 + self.integers(longest, *shape)
        at = torch.arange(T, device=self.device).view(1, T, *(1 for _ in rest))
        return self.chance(probability, *shape) & (at >= start) & (at < start + length)


@cache
def _smoothing(T: int, frames: float, device: torch.device) -> Tensor:
    """(T, T + margins) Gaussian weights that make noise of unit variance smooth over so many frames."""
    reach = max(1, int(3 * frames))
    gap = torch.arange(T)[:, None] + reach - torch.arange(T + 2 * reach)
    kernel = torch.exp(-0.5 * (gap / frames) ** 2)
    return (kernel / kernel.square().sum(1, keepdim=True).sqrt()).to(device)
