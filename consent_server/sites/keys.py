"""API keys: 256 random bits, shown once, stored as a hash, bound to one site."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog

from consent_server import rowscope
from consent_server.columns import UNREADABLE, raw, shown
from consent_server.db import db, writing
from consent_server.ledger.canonical import digest
from consent_server.sites.errors import ApiKeyUnknown, KeyInvalid, ScopeMissing
from consent_server.sites.models import ApiKey
from consent_server.sites.remembered import KnownKey, memory
from consent_server.sites.service import require_site

log = structlog.get_logger(__name__)
#: What a key may be allowed to do; ``admin`` includes the others.
SCOPES = ("check", "export", "admin")
FORM = re.compile(r"cp_live_([a-z0-9]{8})_[A-Za-z0-9_-]{43}\Z")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
#: Compared against when no key has the id, so that both cases cost the same.
NOBODY = digest(b"no key hashes to this")


@dataclass(frozen=True)
class Credential:
    """Who an authenticated program speaks for."""

    key_id: str
    site_id: str
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raise :class:`ScopeMissing` unless the key may do this."""
        if scope not in self.scopes and "admin" not in self.scopes:
            raise ScopeMissing(scope)


def create_key(site_id: str, scopes: Iterable[str], now: datetime) -> tuple[ApiKey, str]:
    """Create an API key for a site.

    :param scopes: one or more of :data:`SCOPES`
    :returns: the stored row and the key in clear, which nobody can show again
    :raises SiteUnknown: no such site
    """
    with writing():
        require_site(site_id)
        key_id = "".join(secrets.choice(LETTERS) for _ in range(8))
        key = f"cp_live_{key_id}_{secrets.token_urlsafe(32)}"
        row = ApiKey(
            id=key_id,
            site_id=site_id,
            secret_hash=digest(key.encode()),
            scopes=sorted(set(scopes)),
            created_at=now,
        )
        db.session.add(row)
        db.session.commit()
    return row, key


def authenticate(key: str) -> Credential:
    """Return whom a key speaks for; the comparison takes constant time.

    A key that another process revoked is refused within a second. The caller has no transaction
    open.

    :raises KeyInvalid: malformed, unknown, wrong or revoked
    """
    form = FORM.match(key)
    if form is None:
        raise KeyInvalid
    shown = digest(key.encode())
    known = memory().keys.fresh(form[1])
    # What does not fit is looked up all the same: the time tells nothing about what is remembered.
    if known is None or not hmac.compare_digest(known.secret_hash, shown):
        known = _look_up(form[1], shown)
    return Credential(form[1], known.site_id, known.scopes)


def _look_up(key_id: str, shown: str) -> KnownKey:
    keys = memory().keys
    beginning = keys.begin()
    stored = _stored(key_id)
    is_right = hmac.compare_digest(stored.secret_hash if stored is not None else NOBODY, shown)
    if stored is None or not is_right:
        raise KeyInvalid
    keys.keep(key_id, stored, beginning)
    return stored


def _stored(key_id: str) -> KnownKey | None:
    """Return a key that is not revoked; whose it is, is what is asked, so it is of any site."""
    db.session.rollback()
    with rowscope.every_site():
        try:
            row = db.session.get(ApiKey, key_id)
            if row is None or row.revoked_at is not None:
                return None
            return KnownKey(row.site_id, row.secret_hash, frozenset(row.scopes))
        except UNREADABLE as error:  # somebody changed it: it speaks for nobody
            log.error("key_unreadable", key=key_id, error=type(error).__name__)
            return None
        finally:
            db.session.rollback()  # with its scope, whoever is refused next


@dataclass(frozen=True)
class UnreadableKey:
    """A key whose row somebody changed: it speaks for nobody, and can be revoked."""

    id: str
    site_id: str


def list_keys(site_id: str | None = None) -> list[ApiKey | UnreadableKey]:
    """Return every key, or those of one site, oldest first; revoked ones included.

    :raises SiteUnknown: there is no such site (an archived one has its keys still)
    """
    if site_id is not None:
        require_site(site_id, archived=True)
    names = (raw(name, db.engine.dialect.name) for name in (ApiKey.id, ApiKey.site_id))
    query = sa.select(*names).order_by(ApiKey.created_at, ApiKey.id)
    if site_id is not None:
        query = query.where(ApiKey.site_id == site_id)
    return [_readable(*map(shown, row)) for row in db.session.execute(query).all()]


def _readable(key_id: str, site_id: str) -> ApiKey | UnreadableKey:
    try:
        row = db.session.get_one(ApiKey, key_id)
        if isinstance(row.scopes, list) and all(isinstance(one, str) for one in row.scopes):
            return row
    except UNREADABLE:
        pass
    return UnreadableKey(key_id, site_id)


def require_known(key_id: str) -> str:
    """Return whose a key is, revoked or not.

    :raises ApiKeyUnknown: no key has this id
    """
    site_id = db.session.scalar(sa.select(ApiKey.site_id).where(ApiKey.id == key_id))
    if site_id is None:
        raise ApiKeyUnknown
    return site_id


def revoke_key(key_id: str, now: datetime) -> None:
    """Refuse a key from now on, whatever else its row says; a second call changes nothing.

    :raises ApiKeyUnknown: no key has this id
    """
    with writing():
        require_known(key_id)
        in_force = ApiKey.id == key_id, ApiKey.revoked_at.is_(None)
        db.session.execute(sa.update(ApiKey).where(*in_force).values(revoked_at=now))
        db.session.commit()
    memory().keys.forget(key_id)
