"""WebKitGTK: the engine of Safari, with the small browser that its driver steers.

The browser needs a display; :func:`display` gives it one that nobody sees.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException

from tests.machine.install import apt_install, can_use_apt
from tests.machine.tool import Tool, ToolMissing

#: The driver, the browser beside it, and a display.
PACKAGES = ["webkit2gtk-driver", "xvfb"]
REMEDY = (
    "run: apt-get install webkit2gtk-driver xvfb (as root), "
    "or set WEBKIT_DRIVER and WEBKIT_BROWSER to the paths of WebKitWebDriver and MiniBrowser"
)


def find() -> Path | None:
    """Return the driver, from WEBKIT_DRIVER or PATH, if its browser and a display are there."""
    path = os.environ.get("WEBKIT_DRIVER") or shutil.which("WebKitWebDriver")
    if path is None or _browser_of(Path(path)) is None or not _can_display():
        return None
    return Path(path)


def ensure() -> Tool:
    """Find WebKitGTK or install it with apt when root, and start it once.

    :raises ToolMissing: not there, apt could not bring it, or it does not start
    """
    path, origin = find(), "found"
    if path is None and can_use_apt() and apt_install(*PACKAGES):
        path, origin = find(), "installed by apt"
    if path is None:
        why = "driver, browser or display are missing, and no installer worked"
        raise ToolMissing("WebKitGTK", why, REMEDY)
    return Tool("WebKitGTK", _version_after_a_start(path), path, origin)


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Yield a display: the one of DISPLAY, or one in memory that ends with the block."""
    if own := os.environ.get("DISPLAY"):
        yield own
        return
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24"]
    command += ["-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise ToolMissing("WebKitGTK", "Xvfb does not start", REMEDY)
        yield f":{number}"
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def session(driver: Path, display: str) -> Iterator[webdriver.WebKitGTK]:
    """Yield a browser with an empty profile on a display; its window closes with the block."""
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(_browser_of(driver))
    options.add_argument("--automation")
    environment = {**os.environ, "DISPLAY": display}
    service = webdriver.WebKitGTKService(executable_path=str(driver), env=environment)
    browser = webdriver.WebKitGTK(options=options, service=service)
    try:
        yield browser
    finally:
        browser.quit()


def _can_display() -> bool:
    return "DISPLAY" in os.environ or shutil.which("Xvfb") is not None


def _browser_of(driver: Path) -> Path | None:
    """Debian keeps the browser in /usr/lib/<machine>/webkit2gtk-<API>/, Fedora in /usr/libexec."""
    if "WEBKIT_BROWSER" in os.environ:
        return Path(os.environ["WEBKIT_BROWSER"])
    root = driver.resolve().parent.parent
    places = ["lib/*/webkit2gtk-4.1", "libexec/webkit2gtk-4.1", "lib/webkit2gtk-4.1"]
    found = (path for place in places for path in root.glob(f"{place}/MiniBrowser"))
    return next(found, None)


def _version_after_a_start(driver: Path) -> str:
    """Begin one session and end it, so that a missing library is told once, here."""
    try:
        with display() as name, session(driver, name) as started:
            return str(started.capabilities["browserVersion"])
    except WebDriverException as failure:
        why = f"{driver} does not start: {failure.msg}"
        raise ToolMissing("WebKitGTK", why, REMEDY) from failure
