"""How much SQLite works in one transaction: seconds of any machine, without a clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

#: Instructions of SQLite's machine between two counts.
STEP = 50


@dataclass
class Effort:
    """What was done since the beginning of the block, in instructions."""

    now: int = 0
    #: Of the transaction that took the most.
    longest: int = 0


@contextmanager
def effort_of(engine: sa.Engine) -> Iterator[Effort]:
    """Count what is done by the connections that are opened within the block; of one thread."""
    effort = Effort()

    def count() -> int:
        effort.now += STEP
        effort.longest = max(effort.longest, effort.now)
        return 0  # anything else would end the statement

    def opened(connection: object, _record: object) -> None:
        connection.set_progress_handler(count, STEP)  # type: ignore[attr-defined]

    def begun(_connection: object) -> None:
        effort.now = 0

    engine.dispose()
    sa.event.listen(engine, "connect", opened)
    sa.event.listen(engine, "begin", begun)
    try:
        yield effort
    finally:
        sa.event.remove(engine, "connect", opened)
        sa.event.remove(engine, "begin", begun)
        engine.dispose()
