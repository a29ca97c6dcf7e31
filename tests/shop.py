"""The service, a shop that publishes on it, and the web around both: for tests with a browser."""

from collections.abc import Callable, Iterator

import pytest

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
