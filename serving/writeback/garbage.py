"""When cycles of objects are looked for: between batches. Among a batch's rows there are none, and looking costs a sixth of a delivery."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def swept_between() -> Iterator[None]:
    """Within the block cycles are looked for by `sweep` alone."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def sweep() -> None:
    """Give back what is in cycles of the batch that is done, such as a call with its answer."""
    gc.collect(1)  # what was there before the delivery is older than that
