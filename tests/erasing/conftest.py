"""Erase, and ask whether the log is whole."""

from collections.abc import Callable

import pytest

from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.service import erase_subject
from consent_server.sealing.audit import Audit
from tests.builders import VISITOR


@pytest.fixture
def erased(app) -> ErasedList:
    """The list outside the database."""
    return app.extensions["consent_erased"]


@pytest.fixture
def subject(app) -> Callable[..., str]:
    """The pseudonym of a consent id."""

    def subject(consent_id: str = VISITOR, site: str = "demo") -> str:
        return app.extensions["consent_keys"].subject(site, consent_id)

    return subject


@pytest.fixture
def erase(app, clock, erased, subject) -> Callable[..., int]:
    """Erase what is held about a consent id; gives the number of records."""

    def erase(consent_id: str = VISITOR, site: str = "demo", reason: str = "art17") -> int:
        with app.app_context():
            found = subject(consent_id, site)
            return erase_subject(site, found, reason, clock.instant, erased).records

    return erase


@pytest.fixture
def audit(app, notary) -> Callable[..., list[str]]:
    """Audit a log; gives what was found."""

    def audit(site: str = "demo") -> list[str]:
        with app.app_context():
            return [str(finding) for finding in Audit(site, notary).findings()]

    return audit
