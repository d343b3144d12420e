"""Bring high dynamic range pictures (phones' HLG and PQ footage) down to ordinary 8-bit RGB."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pase.types import Image

TRANSFER_PQ = 16
"""Transfer characteristic "SMPTE ST 2084" (ITU-T H.273)."""
TRANSFER_HLG = 18
"""Transfer characteristic "ARIB STD-B67", hybrid log-gamma (ITU-T H.273)."""

_WHITE_NITS = 203.0
"""Luminance of diffuse white in high dynamic range programmes (ITU-R BT.2408)."""
_PEAK_NITS = 1000.0

_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
"""Linear light, BT.2020 to BT.709 primaries (ITU-R BT.2087)."""


def pq_to_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Luminance in cd/m² of a PQ signal from 0 to 1 (SMPTE ST 2084)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    nits: NDArray[np.float64] = 10000.0 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return nits


def hlg_to_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Luminance in cd/m² on a 1000 cd/m² screen of an HLG signal from 0 to 1 (ITU-R BT.2100, gamma 1.2)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    nits: NDArray[np.float64] = _PEAK_NITS * scene**1.2
    return nits


def _compressed(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the lower tones, roll the highlights off to 1 at the peak (Reinhard's extended curve)."""
    peak = _PEAK_NITS / _WHITE_NITS
    rolled: NDArray[np.float64] = linear * (1 + linear / peak**2) / (1 + linear)
    return np.clip(rolled * (1 + 1 / peak), 0, 1)


@cache
def _tables(transfer: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """From signal to tone-mapped linear light; from its root, which spreads the dark tones, to sRGB."""
    signal = np.arange(256) / 255
    nits = pq_to_nits(signal) if transfer == TRANSFER_PQ else hlg_to_nits(signal)
    to_linear = _compressed(nits / _WHITE_NITS).astype(np.float32)
    linear = signal**2
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return to_linear, np.round(255 * encoded).astype(np.uint8)


def tone_mapped(image: Image, transfer: int) -> Image:
    """Ordinary RGB of a high dynamic range picture.

    Parameters
    ----------
    image
        (H, W, 3) RGB signal in BT.2020 colours.
    transfer
        `TRANSFER_PQ` or `TRANSFER_HLG`.

    Returns
    -------
    Image
        (H, W, 3) sRGB.
    """
    import cv2

    to_linear, to_shown = _tables(transfer)
    linear = cv2.transform(cv2.LUT(image, to_linear), _BT2020_TO_BT709)
    roots = cv2.convertScaleAbs(cv2.sqrt(np.maximum(linear, 0)), alpha=255.0)
    return np.asarray(cv2.LUT(roots, to_shown), dtype=np.uint8)
