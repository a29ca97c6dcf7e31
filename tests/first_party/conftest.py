"""A shop whose own web server passes a path on to the service, and its visitors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests import shop as shared
from tests.browser.consent_page import ConsentPage
from tests.browser.service import Site
from tests.browser.web import SHOP
from tests.first_party.device import Device
from tests.first_party.front import PATH, Front
from tests.machine import nginx

# Fixtures of this folder alone: other tests have a site of their own.
running_service, service = shared.running_service, shared.service
whole_web, web = shared.whole_web, shared.web
a_site, site = shared.a_site, shared.site


@pytest.fixture(scope="session")
def front(tmp_path_factory, running_service, whole_web) -> Iterator[Front]:
    """The shop's web server, started once for all tests."""
    tool = nginx.find()
    if tool is None:
        pytest.fail(f"no nginx on this machine; {nginx.REMEDY}", pytrace=False)
    folder = tmp_path_factory.mktemp("front")
    running = Front(tool, folder, running_service.origin, whole_web.origin("127.0.0.1"))
    yield running
    running.close()


class Shop(Site):
    """A site that has the service under a path of its own host."""

    def __init__(self, front: Front, *args: Any, **changes: Any):
        self.front = front
        super().__init__(*args, origins=[front.origin(SHOP)], **changes)

    @property
    def tag(self) -> str:
        """Return the one tag that the site's owner pastes."""
        return f'<script async src="{PATH}/s/{self.id}.js"></script>'

    def page(self, *args: Any, **options: Any) -> str:
        """Put a page on the web; return its address at the shop's own server."""
        address = super().page(*args, **options)
        return self.front.origin(SHOP) + address.removeprefix(self.web.origin(SHOP))


@pytest.fixture
def a_shop(front, service, web) -> Callable[..., Shop]:
    """Publish a shop whose document differs from the usual one in what the test says."""
    return lambda **changes: Shop(front, service, web, **changes)


@pytest.fixture
def shop(a_shop) -> Shop:
    """A shop with one vendor in analytics."""
    return a_shop()


@pytest.fixture
def new_visitor(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Any]:
    """Bring a visitor with an empty device, and somebody who watches the device."""
    contexts = []
    pages = []

    def bring() -> tuple[ConsentPage, Device]:
        options = {**browser_context_args, "ignore_https_errors": True}
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        device = Device(page)
        pages.append(ConsentPage(page))
        return pages[-1], device

    yield bring
    errors = [error for page in pages for error in page.errors]
    for context in contexts:
        context.close()
    assert errors == []
