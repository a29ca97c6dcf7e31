"""One browser with an empty device, and the log of everything that it sent."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright

from consent_server.audit.chromium import FLAGS, find
from consent_server.audit.errors import AuditImpossible
from consent_server.audit.netlog import read_contacts
from consent_server.audit.observed import Life

#: Of a common laptop, in CSS pixels.
WINDOW = (1280, 800)


@contextmanager
def playwright() -> Iterator[Playwright]:
    """Start Playwright's driver."""
    with sync_playwright() as started:
        yield started


@contextmanager
def empty_device(started: Playwright, life: Life) -> Iterator[BrowserContext]:
    """Open a browser that remembers nothing; once it is closed, the life knows what it contacted.

    :raises AuditImpossible: there is no Chromium, it does not start, or it left no log
    """
    with tempfile.TemporaryDirectory(prefix="consent-audit-") as folder:
        log = Path(folder) / "net.json"
        browser = _launch(started, log)
        try:
            width, height = WINDOW
            yield browser.new_context(viewport={"width": width, "height": height})
        finally:
            browser.close()
        life.contacts = read_contacts(log)


def _launch(started: Playwright, log: Path) -> Browser:
    path = find() or Path(started.chromium.executable_path)
    if not path.exists():
        raise AuditImpossible(
            "no Chromium is on this machine. Install one (Debian: apt-get install chromium; "
            "elsewhere: python -m playwright install chromium), or set CHROMIUM to its path."
        )
    try:
        return started.chromium.launch(
            executable_path=path,
            args=[*FLAGS, f"--log-net-log={log}"],
            # Strangers' pages run in it; Chromium refuses its sandbox to root, and only to root.
            chromium_sandbox=os.geteuid() != 0,
        )
    except Error as error:
        reason = _last_words(str(error))
        raise AuditImpossible(f"the browser {path} does not start: {reason}") from error


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line]
    return (telling or lines or ["it said nothing"])[0][:300]
