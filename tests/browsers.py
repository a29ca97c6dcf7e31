"""The browsers: Chromium for tests/browser/, Firefox and WebKitGTK for tests/engines/.

A machine without one of them fails its tests and says how to get it: nothing is skipped.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.machine import chromium

#: What is expected of a page comes at once, but for a machine that has other things to do.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

HERE = Path(__file__).parent
#: Folder → marker.
FOLDERS = {
    HERE / "browser": "browser",
    HERE / "fault" / "races": "browser",
    HERE / "first_party": "browser",
    HERE / "packages": "browser",
    HERE / "engines": "engines",
}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with a browser.

    One that waits for ever for its browser takes its process with it, so that the next starts
    with a browser of its own.
    """
    for item in items:
        for folder, name in FOLDERS.items():
            if folder in item.path.parents:
                item.add_marker(name)
        if any(item.iter_markers("browser")) or any(item.iter_markers("engines")):
            item.add_marker(pytest.mark.timeout(method="thread"))


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
