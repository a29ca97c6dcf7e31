"""The service, the web around it, and a page on which no error may happen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.consent_page import ConsentPage
from tests.browser.service import Service, Site
from tests.browser.web import Web


@pytest.fixture(scope="session")
def running_service(tmp_path_factory) -> Iterator[Service]:
    """The service, started once for all tests; each test has sites of its own."""
    service = Service(tmp_path_factory.mktemp("service"))
    yield service
    service.close()


@pytest.fixture
def service(running_service: Service) -> Iterator[Service]:
    """The service, at the real time again after the test."""
    yield running_service
    running_service.set_clock(None)


@pytest.fixture(scope="session")
def whole_web() -> Iterator[Web]:
    """The hosts of all tests."""
    web = Web()
    yield web
    web.close()


@pytest.fixture
def web(whole_web: Web) -> Web:
    """The hosts of this test, which have seen nobody yet."""
    whole_web.forget()
    return whole_web


@pytest.fixture
def a_site(service: Service, web: Web) -> Callable[..., Site]:
    """Publish a site whose document differs from the usual one in what the test says."""
    return lambda **changes: Site(service, web, **changes)


@pytest.fixture
def site(a_site: Callable[..., Site]) -> Site:
    """A site with one vendor in analytics."""
    return a_site()


@pytest.fixture
def visitor(page: Page) -> Iterator[ConsentPage]:
    """A visitor with an empty device; the test fails when the page reports any error."""
    consent_page = ConsentPage(page)
    yield consent_page
    assert consent_page.errors == []


@pytest.fixture
def new_visitor(
    browser: Browser, browser_context_args: dict[str, Any]
) -> Iterator[Callable[..., ConsentPage]]:
    """Bring another visitor, with an empty device of their own."""
    contexts = []
    pages = []

    def bring(**options: Any) -> ConsentPage:
        context = browser.new_context(**{**browser_context_args, **options})
        contexts.append(context)
        pages.append(ConsentPage(context.new_page()))
        return pages[-1]

    yield bring
    errors = [error for page in pages for error in page.errors]
    for context in contexts:
        context.close()
    assert errors == []
