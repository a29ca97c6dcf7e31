"""Whether the list of a data directory has every erasure that the database was told of."""

from dataclasses import dataclass

import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.erasedlist import ErasedList
from consent_server.log.models import ErasureMark


@dataclass(frozen=True)
class Listed:
    """What the list and the database say of each other."""

    #: Erasures that were on the list and are not any more, though nobody dropped them.
    missing: int
    #: Lists that the database knows, where it knows nothing of this one; 0 where it does. This
    #: machine may have erased nothing yet, or have lost its list: nothing here tells which.
    others: int

    @property
    def problem(self) -> str | None:
        """What is wrong, in words."""
        if not self.missing:
            return None
        lines = "a line is" if self.missing == 1 else f"{self.missing} lines are"
        return f"erased/list.jsonl: {lines} missing that the database was told of"

    @property
    def doubt(self) -> str | None:
        """What may be wrong, in words."""
        if not self.others:
            return None
        lists = "another list" if self.others == 1 else f"{self.others} other lists"
        return f"the database was told of erasures by {lists}, and of none by the one here"


def compare(erased: ErasedList) -> Listed:
    """Compare the list with the marks that the database has of it; changes nothing.

    A restored database knows less than the list has, and that is as it should be.

    :raises ErasedListUnusable: the list is damaged
    """
    query = sa.select(ErasureMark.list_id, ErasureMark.number)
    # Before the list: an erasure is on it before the database is told.
    marks = {row.list_id: row.number for row in db.session.execute(query)}
    db.session.rollback()
    found = erased.numbers()
    if found.list_id in marks:
        return Listed(found.missing(marks[found.list_id]), 0)
    return Listed(found.missing(0), 0 if found.here or found.dropped else len(marks))
