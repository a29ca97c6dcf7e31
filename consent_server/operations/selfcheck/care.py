"""Checks of what an operator does now and then, and of what stands before the service."""

from datetime import datetime, timedelta

from consent_server.columns import rfc3339
from consent_server.erasing.erasedlist import ErasedList, ErasedListUnusable
from consent_server.metrics.catalogue import OWN_HOST, PEERS
from consent_server.metrics.counts import totals_in
from consent_server.operations.diary import noted
from consent_server.operations.selfcheck.line import Line, fail, ok, warn
from consent_server.operations.selfcheck.logs import CLOCK_LEEWAY
from consent_server.settings import Settings

#: A day, the half hour over which the timer of deploy/ is spread, and what a backup itself takes.
BACKUP_EVERY = timedelta(hours=26)
REHEARSE_EVERY = timedelta(days=180)


def erased_list(erased: ErasedList) -> Line:
    """A restored copy of the database is erased again."""
    try:
        count = erased.look()
    except ErasedListUnusable as problem:
        mend = "nothing is erased until then (docs/backup.md)"
        # The service goes on without it, and whoever withdraws has to reach it.
        return fail("erased-list", str(problem), mend, may_pass=True)
    return ok("erased-list", f"{count} erasure{'' if count == 1 else 's'}, each can be read")


def backup(settings: Settings, now: datetime) -> Line:
    """What is lost with this machine is what came within a day."""
    made = noted(settings.data_dir).get("backup_made")
    mend = "python -m consent_server backup FILE, daily (docs/backup.md)"
    if made is None:
        return warn("backup", "none was made here", mend)
    if made > now + CLOCK_LEEWAY:
        return warn("backup", f"the newest is of {rfc3339(made)}, and it is {rfc3339(now)}", mend)
    if now - made > BACKUP_EVERY:
        return warn("backup", f"the newest is {_told(now - made)} old", mend)
    return ok("backup", f"the newest is {_told(now - made)} old")


def rehearsal(settings: Settings, now: datetime) -> Line:
    """A backup that nobody ever read is a hope."""
    deeds = noted(settings.data_dir)
    rehearsed = [deeds[deed] for deed in ("backup_checked", "backup_restored") if deed in deeds]
    done = max(rehearsed, default=None)
    mend = "restore --check FILE; and restore one on another machine (docs/backup.md)"
    if done is None:
        return warn("restore", "never rehearsed here", mend)
    if now - done > REHEARSE_EVERY:
        return warn("restore", f"last rehearsed {_told(now - done)} ago", mend)
    return ok("restore", f"last rehearsed {_told(now - done)} ago")


def proxy(settings: Settings) -> Line:
    """A buffering proxy stands before the service: TLS, slow clients, visitors' networks."""
    name = "proxy"
    counted = totals_in(settings.metrics_path)
    through = int(counted.get((PEERS.name, "proxy"), 0))
    direct = int(counted.get((PEERS.name, "direct"), 0))
    unknown = int(counted.get((PEERS.name, "unknown_proxy"), 0))
    mend = "put nginx or Caddy before it: deploy/, docs/deployment.md"
    if unknown:
        seen = f"{unknown} decisions came through one that CONSENT_PROXIES does not name"
        return warn(name, f"{seen}: all its visitors count as one network", f"name it; or {mend}")
    if through:
        return ok(name, f"{through} decisions came through one, {direct} did not")
    if settings.is_on_loopback:
        return ok(name, "none is needed on loopback")
    seen = f"{direct} decisions came, none through a proxy" if direct else "no decision came yet"
    return warn(name, seen, mend)


def first_party(settings: Settings) -> Line:
    """Safari forgets after seven days what a script stored, a refusal too."""
    counted = totals_in(settings.metrics_path)
    own = int(counted.get((OWN_HOST.name, "own"), 0))
    others = int(counted.get((OWN_HOST.name, "other"), 0))
    if own:
        return ok("first-party", f"{own} decisions came to a site's own host, {others} did not")
    seen = f"of {others} decisions, none came to a path of the site's own host"
    mend = "mount the service there, or Safari asks weekly (docs/first-party.md)"
    return warn("first-party", seen, mend)


def _told(duration: timedelta) -> str:
    hours = max(0, int(duration.total_seconds() // 3600))
    return f"{hours} h" if hours < 72 else f"{hours // 24} days"
