"""Checks of what was recorded: the logs, the clock, what is given out."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from consent_server.backup.service import broken_promises
from consent_server.columns import UNREADABLE, rfc3339
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.erasing.erasedlist import ErasedList, ErasedListUnusable
from consent_server.erasing.listed import compare
from consent_server.ledger.canonical import digest
from consent_server.ledger.policy import Policy
from consent_server.log.models import Alarm, QueuedEntry, WitnessRefusal
from consent_server.operations.selfcheck.line import Line, fail, ok, warn
from consent_server.sealing.batch import is_readable
from consent_server.sealing.notary import Notary
from consent_server.settings import Settings
from consent_server.sites.known import site_ids, unreadable_site_ids
from consent_server.sites.models import Site, WidgetBuild
from consent_server.sites.origins import parse_origin
from consent_server.sites.service import newest_publication, origins_of
from consent_server.witnessing.errors import CONTRADICTIONS
from consent_server.witnessing.service import behind

#: How far a record may be ahead of the clock.
CLOCK_LEEWAY = timedelta(minutes=10)
#: For how long a checkpoint may be there and not be cosigned.
SILENCE = timedelta(hours=24)
#: Merge delays after which a waiting record is late.
LATE = 5


def promises(notary: Notary) -> Line:
    """No log holds less than was signed."""
    broken = broken_promises(notary)
    if not broken:
        return ok("logs-whole", "each holds what was signed last")
    first = "; ".join(f"{site}: {problem}" for site, problem in sorted(broken.items())[:3])
    mend = "put back what is older or missing: docs/log.md, Alarms, and After a restore"
    return fail("logs-whole", f"{len(broken)}: {first}", mend)


def erasures_listed(erased: ErasedList, *, may_be_others: bool) -> Line:
    """Each erasure that was done here can be done again in a restored copy.

    :param may_be_others: other machines, each with a list of its own, may use the database
    """
    name = "erasures-listed"
    try:
        listed = compare(erased)
    except ErasedListUnusable:
        return warn(name, "not known: the list cannot be read", "see erased-list")
    mend = "restore the newest copy of the list: docs/retention.md, Backups and restores"
    if listed.problem is not None:
        return fail(name, listed.problem, mend, may_pass=True)
    if listed.doubt is not None and not may_be_others:
        return warn(name, listed.doubt, mend)
    return ok(name, listed.doubt or "the list has each that the database was told of")


def alarms() -> Line:
    """Each log can be signed."""
    query = sa.select(Alarm.site_id, Alarm.reason).order_by(Alarm.site_id)
    raised = db.session.execute(query).all()
    if not raised:
        return ok("logs-signed", "no alarm")
    first = ", ".join(f"{row.site_id} ({row.reason})" for row in raised[:3])
    return warn("logs-signed", f"{len(raised)} cannot be: {first}", "log audit SITE (docs/log.md)")


def lag(settings: Settings, now: datetime) -> Line:
    """What is recorded is soon in its log."""
    oldest = db.session.scalar(sa.select(sa.func.min(QueuedEntry.queued_at)).where(is_readable()))
    age = (now - oldest).total_seconds() if oldest is not None else 0.0
    if age <= LATE * settings.merge_delay:
        return ok("logs-timely", f"the oldest entry waits for {age:.0f} s" if age else "none waits")
    mend = "is the service running? log seal does it, and says why it cannot"
    return warn("logs-timely", f"an entry waits for {age:.0f} s", mend)


def clock(now: datetime) -> Line:
    """No record is ahead of the clock: times would fall, and consents end too late."""
    newest = (
        sa.select(ConsentRecord.recorded_at)
        .where(ConsentRecord.site_id == Site.id)
        .order_by(ConsentRecord.recorded_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    last = db.session.scalar(sa.select(sa.func.max(newest)).select_from(Site))
    if last is not None and last > now + CLOCK_LEEWAY:
        seen = f"the last record is of {rfc3339(last)}, and it is {rfc3339(now)}"
        return fail("clock", seen, "set this machine's clock (NTP); a record is never moved")
    return ok("clock", f"no record is ahead of {rfc3339(now)}")


def witness(policy: Policy, now: datetime) -> Line:
    """Somebody else has seen the heads of the logs, and saw nothing else than there is."""
    name = "witness"
    if not policy.asked:
        seen = "none: who has the log's key can sign another history unseen"
        return warn(name, seen, "CONSENT_WITNESS_POLICY (docs/witnesses.md)")
    names = {witness.key.vkey: witness.name for witness in policy.asked}
    query = sa.select(WitnessRefusal).where(
        WitnessRefusal.vkey.in_(names), WitnessRefusal.reason.in_(CONTRADICTIONS)
    )
    refusals = db.session.scalars(query.order_by(WitnessRefusal.since)).all()
    if refusals:
        # No failure: a stranger's word does not keep a service from starting.
        first = ", ".join(f"{names[one.vkey]} on {one.site_id}" for one in refusals[:3])
        mend = "docs/witnesses.md, When a witness saw another log"
        return warn(name, f"saw another log than the one here: {first}", mend)
    late = [one for one in behind(policy.asked) if now - one.since > SILENCE]
    if late:
        first = ", ".join(f"{one.witness.name} on {one.site_id}" for one in late[:3])
        return warn(name, f"nothing cosigned for a day: {first}", "log witness says why")
    return ok(name, f"{len(names)}, and what is older than a day was cosigned")


def builds() -> Line:
    """Every widget build that is given out is the one that its name says."""
    changed, count = [], 0
    for name, source in db.session.execute(sa.select(WidgetBuild.hash, WidgetBuild.source)):
        count += 1
        if digest(bytes(source)) != name:
            changed.append(name)
    db.session.rollback()
    if changed:
        seen = f"changed in the database: {', '.join(changed)}"
        return fail("widget-builds", seen, "docs/breach.md: pages run this code")
    return ok("widget-builds", f"{count}, each as it is named")


def origins() -> Line:
    """No site takes decisions from everywhere."""
    name = "origins"
    wide, unreadable = {}, unreadable_site_ids()
    for site_id in site_ids(Site.archived_at.is_(None)):
        try:
            listed = origins_of(newest_publication(site_id))
        except UNREADABLE:
            unreadable.append(site_id)
            continue
        found = [text for text in listed if _is_everywhere(text)]
        if found:
            wide[site_id] = found[0]
    db.session.rollback()
    if unreadable:
        # Others are served: what one site cannot is no reason not to start.
        seen = f"what is published cannot be read of {', '.join(unreadable)}"
        return warn(name, seen, "a row was changed: log audit SITE, then mend or restore it")
    if wide:
        seen = ", ".join(f"{site} ({text})" for site, text in wide.items())
        return warn(name, f"any page may record for {seen}", "list hosts; site publish FILE")
    return ok(name, "each site lists its own")


def _is_everywhere(origin: str) -> bool:
    """Whether an entry covers hosts of strangers; nobody could publish it today."""
    try:
        parse_origin(origin)
    except ValueError:
        return True
    return False
