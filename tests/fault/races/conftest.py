"""A browser that remembers pages for Back, and the shop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.service import Site
from tests.fault.races.tabs import Visitor
from tests.fault.trials import Trials
from tests.machine import chromium
from tests.shop import (  # noqa: F401 (fixtures of this folder)
    a_site,
    running_service,
    service,
    site,
    web,
    whole_web,
)


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """Chromium as visitors have it: Playwright switches the memory for Back off."""
    browser = playwright.chromium.launch(
        **{**browser_type_launch_args, "executable_path": chromium.find_whole()},
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def a_visitor(
    browser: Browser,
    site: Site,  # noqa: F811
    browser_context_args: dict[str, Any],
) -> Iterator[Callable[..., Visitor]]:
    """Bring a visitor with an empty device."""
    visitors = []

    def bring(**options: Any) -> Visitor:
        visitors.append(Visitor(browser, site, **{**browser_context_args, **options}))
        return visitors[-1]

    yield bring
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def trials(browser: Browser) -> Iterator[Callable[..., Trials]]:
    """Run a race many times; at the end nothing may have failed."""
    started = []

    def start(*what: Any) -> Trials:
        started.append(Trials(*what))
        return started[-1]

    yield start
    for each in started:
        each.close(browser=browser.version)
        assert each.failures == []
