"""Memory that a step gives back is kept for the next one (glibc, as on most Linux systems; elsewhere nothing is done).

Notable: glibc hands every freed block of some size back to the system, and the next step gets it back page by page,
each zeroed at its first touch. Kept, an LSTM's training takes 0.7 of the time on a CPU (docs/log.md).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4  # malloc.h: M_TRIM_THRESHOLD and so on
MOST = 2**31 - 1
MEBIBYTE = 2**20


@contextmanager
def kept() -> Iterator[None]:
    """Freed memory stays with the process for as long as this lasts, and goes back to the system after it.

    What is set afterwards is where glibc's own, moving thresholds end once large blocks were freed.
    """
    mallopt, trim = _function("mallopt"), _function("malloc_trim")
    if mallopt is None or trim is None:
        yield
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, MOST)
    try:
        yield
    finally:
        mallopt(MMAP_MAX, 65536)
        mallopt(MMAP_THRESHOLD, 32 * MEBIBYTE)
        mallopt(TRIM_THRESHOLD, 64 * MEBIBYTE)
        trim(0)


def _function(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return None
    return found
