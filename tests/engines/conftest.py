"""Both engines; each test runs in each of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.engines.engine import Engine, PlaywrightEngine, SeleniumEngine
from tests.engines.visitor import Visitor
from tests.machine import firefox, webkit
from tests.shop import (  # noqa: F401 (fixtures of this folder alone: others have a site of their own)
    a_site,
    running_service,
    service,
    site,
    web,
    whole_web,
)

#: As of a browser in use; wide enough for every layout.
WINDOW = {"width": 1000, "height": 700}


@pytest.fixture(scope="session")
def stock_firefox(playwright: Playwright) -> Iterator[Browser]:
    """The machine's Firefox, started once."""
    path = firefox.find()
    if path is None:
        pytest.fail(f"no Firefox on this machine; {firefox.REMEDY}", pytrace=False)
    browser = playwright.firefox.launch(executable_path=path, channel=firefox.CHANNEL)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A display for WebKitGTK, in memory."""
    with webkit.display() as name:
        yield name


@pytest.fixture(params=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A browser with an empty profile."""
    start: dict[str, Callable[[Any, ExitStack], Engine]] = {
        "firefox": _in_firefox,
        "webkit": _in_webkit,
    }
    with ExitStack() as stack:
        yield start[request.param](request, stack)


@pytest.fixture
def visitor(engine: Engine) -> Visitor:
    """A visitor with an empty device."""
    return Visitor(engine)


def _in_firefox(request: pytest.FixtureRequest, stack: ExitStack) -> Engine:
    browser: Browser = request.getfixturevalue("stock_firefox")
    context = browser.new_context(viewport=WINDOW, locale="en-GB")
    return PlaywrightEngine(stack.enter_context(context))


def _in_webkit(request: pytest.FixtureRequest, stack: ExitStack) -> Engine:
    driver = webkit.find()
    if driver is None:
        pytest.fail(f"no WebKitGTK on this machine; {webkit.REMEDY}", pytrace=False)
    window = stack.enter_context(webkit.session(driver, request.getfixturevalue("display")))
    window.set_window_size(**WINDOW)
    return SeleniumEngine(window)
