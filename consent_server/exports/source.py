"""Where an export reads: the database itself, or a replica for as long as that is fit for it.

Each page may come from either. What the database shows is never older than what its replica showed,
so an export that loses its replica goes on without it, page by page as ever.
"""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from consent_server import patience
from consent_server.db import db
from consent_server.metrics.catalogue import REPLICA_EXPORTS
from consent_server.replica import Reading, Replica, ReplicaUnfit, kind_of
from consent_server.trail.models import TrailLine

log = structlog.get_logger(__name__)

Made = TypeVar("Made")


class Source:
    """What one export reads from."""

    def __init__(self) -> None:
        self._reading: Reading | None = None

    def prefer(self, replica: Replica, line: TrailLine) -> None:
        """Read from a replica from now on, if it shows the line that this export left."""
        committed = sa.exists().where(
            TrailLine.site_id == line.site_id,
            TrailLine.number == line.number,
            TrailLine.line_id == line.line_id,
        )
        db.session.rollback()
        try:
            self._reading = replica.reading(committed)
        except ReplicaUnfit as unfit:
            self._tell(unfit.reason, unfit.error)

    def read(self, ask: Callable[[Connection], Made]) -> Made:
        """Ask within the transaction that lasts until :meth:`rest`; a replica that fails is left.

        :param ask: reads, and may be asked twice
        """
        if self._reading is not None:
            before = patience.begin(0.0, patience.OF_AN_ANSWER)
            try:
                return ask(self._reading.connection())
            except ReplicaUnfit as unfit:
                self._leave(unfit.error)
            except SQLAlchemyError as error:
                self._leave(kind_of(error))
            finally:
                patience.go_back_to(before)
        return ask(db.session.connection())

    def rest(self) -> None:
        """End the transaction, so that none is open however slow whoever reads the export is."""
        db.session.rollback()
        if self._reading is not None:
            self._reading.rest()

    def finish(self) -> None:
        """Count an export that came to its end, if the replica was read all the while."""
        if self._reading is not None:
            REPLICA_EXPORTS.add("read")

    def _leave(self, error: str | None) -> None:
        self.rest()
        self._reading = None
        self._tell("lost", error)

    def _tell(self, reason: str, error: str | None) -> None:
        REPLICA_EXPORTS.add(reason)
        log.warning("replica_not_read", reason=reason, error=error)
