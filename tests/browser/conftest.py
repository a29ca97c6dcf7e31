"""A visitor to the shop (tests/shop.py), on whose page no error may happen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.consent_page import ConsentPage
from tests.shop import (  # noqa: F401 (fixtures of this folder alone: others have a site of their own)
    a_site,
    running_service,
    service,
    site,
    web,
    whole_web,
)


@pytest.fixture
def visitor(page: Page) -> Iterator[ConsentPage]:
    """A visitor with an empty device; the test fails when the page reports any error."""
    consent_page = ConsentPage(page)
    yield consent_page
    assert consent_page.errors == []


@pytest.fixture
def new_visitor(
    browser: Browser, browser_context_args: dict[str, Any]
) -> Iterator[Callable[..., ConsentPage]]:
    """Bring another visitor, with an empty device of their own."""
    contexts = []
    pages = []

    def bring(**options: Any) -> ConsentPage:
        context = browser.new_context(**{**browser_context_args, **options})
        contexts.append(context)
        pages.append(ConsentPage(context.new_page()))
        return pages[-1]

    yield bring
    errors = [error for page in pages for error in page.errors]
    for context in contexts:
        context.close()
    assert errors == []
