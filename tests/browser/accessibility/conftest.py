"""A site that speaks every language, published once for each layout."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from consent_server.sites.document.closed_lists import LAYOUTS
from tests.browser.accessibility.widget_page import LANGUAGES, SERVICES, WidgetPage
from tests.browser.service import Service, Site
from tests.browser.web import Web
from tests.machine.node import ROOT

#: Every rule that is on, and those of WCAG 2.2 and of labels that are off unless asked for.
RUN_AXE = """async () => {
    const hosts = ['consent-server', 'consent-placeholder'];
    const include = hosts.filter((name) => document.querySelector(name)).map((name) => [name]);
    const rules = {'target-size': {enabled: true}, 'label-content-name-mismatch': {enabled: true}};
    const found = await axe.run({include}, {rules, resultTypes: ['violations']});
    return found.violations.flatMap(({id, nodes}) =>
        nodes.map(({target, failureSummary}) => `${id}: ${target.flat()}: ${failureSummary}`));
}"""
AXE = ROOT / "widget" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def in_every_language(running_service: Service, whole_web: Web) -> Callable[[str], Site]:
    """Return the site of a layout; published when first asked for."""

    @cache
    def of_layout(layout: str) -> Site:
        return Site(
            running_service,
            whole_web,
            languages={"default": "en", "available": LANGUAGES},
            services=SERVICES,
            theme={"layout": layout},
        )

    return of_layout


@pytest.fixture(params=LAYOUTS)
def each_layout(request: pytest.FixtureRequest, in_every_language, web: Web) -> Site:
    """A site in every language, in one layout after the other."""
    return in_every_language(request.param)


@pytest.fixture
def everywhere(in_every_language, web: Web) -> Site:
    """A site in every language, in the usual layout."""
    return in_every_language(LAYOUTS[0])


@pytest.fixture
def visitor(page: Page) -> Iterator[WidgetPage]:
    """A visitor with an empty device; the test fails when the page reports any error."""
    widget = WidgetPage(page)
    yield widget
    assert widget.errors == []


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The checker axe-core, of the version in widget/package-lock.json."""
    if not AXE.exists():
        pytest.fail("axe-core is missing; run: python -m tests.machine node", pytrace=False)
    return Path(AXE).read_text(encoding="utf-8")


@pytest.fixture
def axe(visitor: WidgetPage, axe_source: str) -> Callable[[], list[Any]]:
    """Check what the widget shows now; return every violation, as rule and element."""

    def check() -> list[Any]:
        if not visitor.page.evaluate("() => 'axe' in window"):
            visitor.page.evaluate(axe_source)
        return list(visitor.page.evaluate(RUN_AXE))

    return check
