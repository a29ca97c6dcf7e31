"""An alarm a site while its log cannot be signed: in the log lines, and where it is asked for."""

from datetime import datetime

import sqlalchemy as sa
import structlog

from consent_server.db import db, writing
from consent_server.log.models import Alarm
from consent_server.sealing.errors import SealRefused

log = structlog.get_logger(__name__)


def raise_alarm(site_id: str, refusal: SealRefused, now: datetime) -> None:
    """Say that a log was not signed, and keep saying it until it is signed again."""
    log.error("log_not_signed", site=site_id, reason=refusal.reason, detail=str(refusal))
    with writing():
        alarm = db.session.get(Alarm, site_id)
        raised_at = alarm.raised_at if alarm is not None else now
        db.session.merge(
            Alarm(site_id=site_id, reason=refusal.reason, detail=str(refusal), raised_at=raised_at)
        )
        db.session.commit()


def clear_alarm(site_id: str) -> None:
    """Forget the alarm of a log that was signed again."""
    if alarm_of(site_id) is None:
        return
    with writing():
        db.session.execute(sa.delete(Alarm).where(Alarm.site_id == site_id))
        db.session.commit()


def alarm_of(site_id: str) -> Alarm | None:
    """Return why a site's log is not signed, if it is not."""
    return db.session.get(Alarm, site_id)


def is_any_raised() -> bool:
    """Whether the log of any site is not signed."""
    return db.session.scalar(sa.select(Alarm.site_id).limit(1)) is not None
