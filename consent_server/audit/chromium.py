"""A Chromium of this machine: found by name or by the variable CHROMIUM, kept from calling home."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

NAMES = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
    "chrome-headless-shell",
]
#: Quiet, and the same on every machine: no call home, no update, no question at the first start.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    # What the others leave: the list of accounts, and the updater. Chromium itself refuses port 9.
    "--gaia-url=http://127.0.0.1:9",
    "--component-updater=url-source=http://127.0.0.1:9/",
]


def find(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return what CHROMIUM names, else the first of the usual names on PATH."""
    if environ.get("CHROMIUM"):
        return Path(environ["CHROMIUM"])
    found = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    return next((Path(path) for path in found if path), None)
