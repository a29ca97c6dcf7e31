"""The table: every hostile page, by its name."""

from tests.browser.hostile.hostile_page import HostilePage
from tests.browser.hostile.pages import (
    clobbered,
    documents,
    libraries,
    lies,
    missing,
    polluted,
    pressing,
    replaced,
)

PAGES: list[HostilePage] = [
    page
    for module in (
        polluted,
        replaced,
        lies,
        missing,
        libraries,
        clobbered,
        documents,
        pressing,
    )
    for page in module.PAGES
]
