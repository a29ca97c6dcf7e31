"""What the pages of this folder share: a site, and a visitor who does not believe them."""

import pytest
from playwright.sync_api import Page

from tests.browser.hostile.oracle import Oracle
from tests.browser.hostile.stranger import Stranger
from tests.browser.service import Service, Site
from tests.browser.web import Web


@pytest.fixture(scope="session")
def odd_site(running_service: Service, whole_web: Web) -> Site:
    """One site for all pages, which nothing changes; each test counts its own records."""
    return Site(running_service, whole_web)


@pytest.fixture
def stranger(page: Page) -> Stranger:
    """A visitor with an empty device."""
    return Stranger(page)


@pytest.fixture
def oracle(stranger: Stranger, odd_site: Site, web: Web) -> Oracle:
    """What must hold, from now on."""
    return Oracle(stranger, odd_site, web)
