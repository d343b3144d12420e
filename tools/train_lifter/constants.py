"""Constants kept on the device that computes: copying one there in every step would make the step wait for it."""

import numpy as np
import torch
from torch import Tensor


class Constant:
    """An array that is copied once to each device that asks for it; whole numbers stay whole."""

    def __init__(self, values: object) -> None:
        array = np.asarray(values)
        self._values = torch.from_numpy(array if array.dtype.kind in "iub" else array.astype(np.float32))
        self._copies: dict[torch.device, Tensor] = {}

    def on(self, device: torch.device) -> Tensor:
        """The array as a tensor on a device."""
        if device not in self._copies:
            self._copies[device] = self._values.to(device)
        return self._copies[device]
