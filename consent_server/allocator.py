"""What the C library's allocator keeps of the memory that was given back to it."""

import ctypes
import os
from contextlib import suppress

#: ``mallopt(3)``: how many arenas there may be.
M_ARENA_MAX = -8
#: How an operator says it, who is not contradicted: a variable, or what one of them names.
BY_HAND, TUNABLES, TUNABLE = "MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "glibc.malloc.arena_max="


def share_one_arena() -> None:
    """Let the threads that are to come take their memory from one place.

    The GNU C library gives many threads an arena each, and each keeps the most that any work in it
    ever needed. Python's threads hardly ever wait for one another there. Where the C library knows
    nothing of it, nothing is done.
    """
    if BY_HAND in os.environ or TUNABLE in os.environ.get(TUNABLES, ""):
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
