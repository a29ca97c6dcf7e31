"""Everything that a device keeps: the cookies of all hosts, and the stores of each frame."""

from playwright.sync_api import Error, Page

from consent_server.audit.observed import Stored
from consent_server.audit.probe import probe


def read_device(page: Page) -> list[Stored]:
    """Return the names of what is stored, each once; values are never read."""
    found = {
        Stored(
            "cookie",
            str(cookie.get("name")),
            str(cookie.get("domain", "")).removeprefix("."),
            bool(cookie.get("httpOnly")),
        )
        for cookie in page.context.cookies()
    }
    for frame in page.frames:
        try:
            found |= {Stored(**entry) for entry in frame.evaluate(probe("stored"))}
        except Error:
            # The frame has gone meanwhile, or shows no document that could store anything.
            continue
    return sorted(found, key=lambda one: (one.kind, one.name, one.place))
