"""Named random streams: a change in one table's draws leaves the others as they were."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, draw: int = 0) -> np.random.Generator:
    """An independent generator for `name`; equal seed, name and draw give equal draws."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode()), draw]))
