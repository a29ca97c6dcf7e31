"""Ask one witness again and again, and one that does not answer less and less often."""

from datetime import datetime, timedelta

import structlog

from consent_server.ledger.policy import Witness
from consent_server.metrics.catalogue import WORK_FAILED
from consent_server.sealing.notary import Notary
from consent_server.witnessing.service import Asked, ask, behind, signed_sites

log = structlog.get_logger(__name__)
#: The longest time for which a witness that does not answer is left alone.
LONGEST_PAUSE = timedelta(hours=1)
#: After that it is shown what it has seen already: it may have seen more, if we were set back.
ASK_AGAIN = timedelta(days=1)


class Rounds:
    """What one process knows of a witness between two rounds."""

    def __init__(self, witness: Witness, notary: Notary, merge_delay: int):
        """:param merge_delay: seconds; the first pause"""
        self._witness = witness
        self._notary = notary
        self._first = timedelta(seconds=merge_delay)
        #: Site → when it was asked about last; nothing is known of what was before the start.
        self._asked: dict[str, datetime] = {}
        #: Site, or None for all → for how long and until when it is left alone.
        self._pauses: dict[str | None, tuple[timedelta, datetime]] = {}

    def go(self, now: datetime) -> None:
        """Show the witness every log whose head it has not seen, and each of them once a day.

        :param now: aware, UTC
        """
        if self._is_paused(None, now):
            return
        unseen = {one.site_id for one in behind([self._witness])}
        for site_id in signed_sites():
            is_due = now - self._asked.get(site_id, now - ASK_AGAIN) >= ASK_AGAIN
            if (site_id in unseen or is_due) and not self._is_paused(site_id, now):
                if self._ask(site_id, now):
                    self._pause(None, now)  # it would not answer about the others either
                    return
                self._pauses.pop(None, None)

    def _ask(self, site_id: str, now: datetime) -> bool:
        """Return whether it did not answer at all."""
        try:
            asked = ask(site_id, self._witness, self._notary, now)
        except Exception as problem:  # noqa: BLE001 (of one log: the others go on)
            WORK_FAILED.add("witnessing")
            name = type(problem).__name__
            log.warning("witnessing_failed", site=site_id, witness=self._witness.name, error=name)
            asked = Asked(site_id, self._witness, 0, name)
        if asked.is_silent:
            return True
        self._asked[site_id] = now
        if asked.refusal is None:
            self._pauses.pop(site_id, None)
        else:
            self._pause(site_id, now)
        return False

    def _is_paused(self, site_id: str | None, now: datetime) -> bool:
        _, until = self._pauses.get(site_id, (None, now))
        return now < until

    def _pause(self, site_id: str | None, now: datetime) -> None:
        pause, _ = self._pauses.get(site_id, (self._first, now))
        self._pauses[site_id] = (min(2 * pause, LONGEST_PAUSE), now + pause)
