"""What is measured when metrics are asked for: the database, the logs, the disk."""

from datetime import datetime
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from consent_server import __version__
from consent_server.db import db
from consent_server.disk import least_free
from consent_server.errors import RowUnreadable, read_at
from consent_server.ledger.policy import Policy
from consent_server.log.models import Alarm, QueuedEntry, SignedCheckpoint, WitnessRefusal
from consent_server.metrics import catalogue
from consent_server.metrics.sharedfile import Key
from consent_server.operations.diary import noted
from consent_server.operations.writing import why_not_writable
from consent_server.sealing.batch import is_readable
from consent_server.settings import Settings
from consent_server.sites.models import Site
from consent_server.witnessing.service import behind

log = structlog.get_logger(__name__)


def measure_process() -> None:
    """Keep what only this process knows of itself, where the others see it."""
    pool = db.engine.pool
    if isinstance(pool, sa.QueuePool):
        catalogue.CONNECTIONS.set("in_use", value=pool.checkedout())
        catalogue.CONNECTIONS.set("limit", value=pool.size())
    catalogue.PROCESSES.set(value=1)


def measure(settings: Settings, policy: Policy, now: datetime) -> dict[Key, float]:
    """Measure what is the same for all processes.

    :param policy: the witnesses of the logs
    :param now: aware, UTC
    :returns: values by metric and labels; of a database that does not answer, that alone, and
        nothing of the logs, or of the witnesses, where a row of theirs cannot be read
    """
    found: dict[Key, float] = {(catalogue.BUILD.name, __version__): 1.0}
    found[(catalogue.DISK_FREE.name,)] = float(least_free(*settings.folders)[0])
    made = noted(settings.data_dir).get("backup_made")
    if made is not None and made.tzinfo is not None:  # else somebody else wrote it
        found[(catalogue.BACKUP_AGE.name,)] = _age(made, now)
    try:
        for part in (partial(_of_the_logs, now), partial(_of_the_witnesses, policy, now)):
            try:
                found |= part()
            except RowUnreadable as error:  # the others are measured all the same
                log.error("row_unreadable", **read_at(error))
        db.session.rollback()  # one connection at a time
        found[(catalogue.DATABASE_WRITABLE.name,)] = float(why_not_writable(settings) is None)
        found[(catalogue.DATABASE_UP.name,)] = 1.0
    except SQLAlchemyError:
        found[(catalogue.DATABASE_UP.name,)] = 0.0
    finally:
        db.session.rollback()
    return found


def _of_the_logs(now: datetime) -> dict[Key, float]:
    waiting, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(QueuedEntry.queued_at).filter(is_readable()))
    ).one()  # of the others there is an alarm, which is measured too
    newest = (
        sa.select(SignedCheckpoint.signed_at)
        .where(SignedCheckpoint.site_id == Site.id)
        .order_by(SignedCheckpoint.size.desc())
        .limit(1)
        .scalar_subquery()
    )
    signed = db.session.scalar(sa.select(sa.func.max(newest)).select_from(Site))
    alarms = db.session.scalar(sa.select(sa.func.count()).select_from(Alarm)) or 0
    found: dict[Key, float] = {
        (catalogue.WAITING.name,): float(waiting),
        (catalogue.LAG.name,): _age(oldest, now),
        (catalogue.ALARMS.name,): float(alarms),
    }
    if signed is not None:
        found[(catalogue.CHECKPOINT_AGE.name,)] = _age(signed, now)
    return found


def _of_the_witnesses(policy: Policy, now: datetime) -> dict[Key, float]:
    refused = db.session.execute(
        sa.select(WitnessRefusal.reason, sa.func.count())
        .where(WitnessRefusal.vkey.in_([witness.key.vkey for witness in policy.asked]))
        .group_by(WitnessRefusal.reason)
        .order_by(WitnessRefusal.reason)
    ).all()
    lacking = behind(policy.asked)
    return {
        **{(catalogue.REFUSALS_OF_WITNESSES.name, row[0]): float(row[1]) for row in refused},
        (catalogue.UNWITNESSED.name,): _age(lacking[0].since if lacking else None, now),
    }


def _age(instant: datetime | None, now: datetime) -> float:
    return max(0.0, (now - instant).total_seconds()) if instant is not None else 0.0
