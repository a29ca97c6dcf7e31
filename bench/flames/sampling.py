"""Looks at the stack of this thread again and again while it works, by a clock of its CPU time."""

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

#: Seconds of CPU time between two looks.
EVERY = 0.001

#: Names of functions, from the outermost one.
Stack = tuple[str, ...]


def sampled(work: Callable[[], object], within: CodeType, count: int) -> Counter[Stack]:
    """Work again and again, until the stack was looked at so many times within a function.

    What a function of C takes is seen as its caller's.

    :param within: of the function whose stacks are kept, from itself on
    """
    stacks: Counter[Stack] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        stack = _within(frame, within)
        if stack:
            stacks[stack] += 1

    before: Any = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        while stacks.total() < count:
            work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return stacks


def _within(frame: FrameType | None, within: CodeType) -> Stack:
    """Return the names from a function on; none outside of it."""
    names = []
    while frame is not None:
        names.append(_name(frame.f_code))
        if frame.f_code is within:
            return tuple(reversed(names))
        frame = frame.f_back
    return ()


def _name(code: CodeType) -> str:
    path = Path(code.co_filename)
    return f"{path.parent.name}/{path.stem} {code.co_qualname.replace('.<locals>', '')}"
