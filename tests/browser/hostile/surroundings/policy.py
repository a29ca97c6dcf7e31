"""Who watches over a policy: the document, the browser, and the site's server."""

from playwright.sync_api import Page

from tests.browser.web import SHOP, Web

#: Where the browser sends what it has to report.
REPORTS = "/reports"
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI}) => {
    violations.push(`${violatedDirective} ${blockedURI}`);
});
new ReportingObserver((reports) => {
    for (const {type, body} of reports) violations.push(`${type} ${body.effectiveDirective}`);
}, {buffered: true, types: ['csp-violation']}).observe();
"""


def expect_no_violation(page: Page, web: Web) -> None:
    """Nobody saw anything that the policy forbids."""
    assert page.evaluate("violations") == []
    assert REPORTS not in web.requests_to(SHOP)
