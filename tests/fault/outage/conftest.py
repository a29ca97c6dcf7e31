"""A shop whose service can be broken while a visitor is there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests import shop as shared
from tests.browser.web import Web
from tests.fault.outage.brave_page import BravePage
from tests.fault.outage.certificate import write_certificate
from tests.fault.outage.outage import Outage
from tests.fault.outage.shop import Shop

# Fixtures of this folder alone: other tests have a site of their own.
running_service, service = shared.running_service, shared.service
whole_web, web = shared.whole_web, shared.web

HERE = Path(__file__).parent


#: Tables of modes that are not longer than this are always whole.
WHOLE = 4


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test here as one with a browser; leave most of the tables to the full run."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for table in tables.values():
        if len(table) > WHOLE:
            for item in table:
                item.add_marker(pytest.mark.one_row_in(8))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate that nobody signed, and its key."""
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def outage(running_service, whole_web, certificate) -> Iterator[Outage]:
    """The service's address, at which nothing is broken yet."""
    made = Outage(running_service.origin, whole_web.origin("127.0.0.1"), certificate)
    yield made
    made.close()


@pytest.fixture
def a_shop(outage, service, web) -> Callable[..., Shop]:
    """Publish a shop whose document differs from the usual one in what the test says."""
    return lambda **changes: Shop(outage, service, web, **changes)


@pytest.fixture
def shop(a_shop) -> Shop:
    """A shop with one vendor in analytics."""
    return a_shop()


@pytest.fixture
def visitor(page: Page, outage: Outage) -> Iterator[BravePage]:
    """A visitor with an empty device; the test fails when the page reports any error."""
    brave = BravePage(page, outage)
    yield brave
    assert brave.errors == []


@pytest.fixture
def victim(
    browser: Browser, browser_context_args: dict[str, Any], outage: Outage
) -> Iterator[BravePage]:
    """A visitor of the pages that must fail, whose errors the test itself looks at."""
    context = browser.new_context(**browser_context_args)
    yield BravePage(context.new_page(), outage)
    context.close()


@pytest.fixture
def returning(
    visitor: BravePage,
    browser: Browser,
    browser_context_args: dict[str, Any],
    outage: Outage,
    shop: Shop,
    web: Web,
) -> Iterator[BravePage]:
    """A visitor who accepted and comes back: the choice is on the device, the cache is empty."""
    visitor.open(shop.page_with(shop.tag_in("async")))
    visitor.accept_all()
    visitor.wait_until_ran(2)
    visitor.wait_for_answers()
    visitor.page.goto("about:blank")
    web.forget()
    state = visitor.page.context.storage_state()
    context = browser.new_context(**browser_context_args, storage_state=state)
    brave = BravePage(context.new_page(), outage)
    yield brave
    context.close()
    assert brave.errors == []
