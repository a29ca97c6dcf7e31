"""How long a request waits for its database: whoever loads a page or decides waits for seconds.

A database that is slow, or takes what it is asked and says nothing, would else keep a thread for
each request, until none is left for what needs no database. The deadline is that of the running
thread; work that has none waits as long as it takes.
"""

import time
from contextvars import ContextVar

#: Seconds for all that a request asks of the database.
OF_A_REQUEST = 3.0
#: Seconds for any one answer, also where the others took all of the time.
LEAST = 0.25
#: Seconds for each answer to what may take long in all: more than a statement may last.
OF_AN_ANSWER = 10.0

#: The deadline, by the monotonic clock, and the seconds that are given in any case.
Patience = tuple[float, float]
_current: ContextVar[Patience | None] = ContextVar("consent_patience", default=None)


def left() -> float | None:
    """Return how many seconds to wait for the next answer; None for as long as it takes."""
    patience = _current.get()
    return None if patience is None else max(patience[1], patience[0] - time.monotonic())


def begin(seconds: float, least: float = LEAST) -> Patience | None:
    """Wait so long in all from now on; return what :func:`go_back_to` takes.

    :param least: seconds for any one answer
    """
    before = _current.get()
    _current.set((time.monotonic() + seconds, least))
    return before


def go_back_to(before: Patience | None) -> None:
    """Wait as long as before :func:`begin`."""
    _current.set(before)
