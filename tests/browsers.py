"""The browser for tests in tests/browser/: the machine's Chromium, driven by Playwright.

A machine without Chromium fails these tests and says how to get it: nothing is skipped.
"""

from pathlib import Path

import pytest

from tests.machine import chromium

FOLDER = Path(__file__).with_name("browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in tests/browser/, and keep them on one worker: one browser is enough."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, browser_name):
    """How pytest-playwright starts the browser."""
    if browser_name != "chromium":
        return browser_type_launch_args
    path = chromium.find()
    if path is None:
        pytest.fail(f"no Chromium on this machine; {chromium.REMEDY}", pytrace=False)
    return {**browser_type_launch_args, "executable_path": path, "args": chromium.flags()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """What every page of the tests has in common, so that a picture is the same everywhere."""
    return {
        **browser_context_args,
        "locale": "en-GB",
        "timezone_id": "UTC",
        "viewport": {"width": 1000, "height": 700},
        "color_scheme": "light",
        "reduced_motion": "reduce",
    }
