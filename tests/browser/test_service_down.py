"""R008: whatever the service does, the page works and everything optional stays denied."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import gated
from tests.browser.web import VENDOR, refusing_origin, stalling_server

PAGE_WORKS = "<button onclick=\"this.textContent = 'works'\">Does the page work?</button>"
BROKEN = {
    "500": {"status": 500, "body": "Internal Server Error"},
    "503 with a problem": {"status": 503, "json": {"reason": "not_ready"}},
    "HTML": {"status": 200, "content_type": "text/html", "body": "<h1>Captive portal</h1>"},
    "truncated JSON": {"status": 200, "content_type": "application/json", "body": '{"record_'},
    "empty object": {"status": 200, "json": {}},
    "null": {"status": 200, "json": None},
    "empty": {"status": 200, "body": ""},
    "refused": None,
}
#: The page's own script has to be allowed to fail to load, not to throw.
SCRIPTS = {
    "404": ("", "text/plain"),
    "HTML": ("<h1>Captive portal</h1>", "text/html"),
    "empty": ("", "text/javascript"),
}


def _fail(page, pattern, broken):
    answer = {"headers": {"Access-Control-Allow-Origin": "*"}, **broken} if broken else None
    page.route(pattern, lambda route: route.fulfill(**answer) if answer else route.abort())


def _expect_a_page_that_works(visitor, web):
    button = visitor.page.get_by_role("button", name="Does the page work?")
    button.click()
    expect(visitor.page.get_by_role("button", name="works", exact=True)).to_be_visible()
    assert web.requests_to(VENDOR) == []
    assert visitor.ran() == []
    assert visitor.cookies() == {}


def test_a_service_that_refuses_connections_leaves_the_page_alone(visitor, site, web):
    tag = f'<script async src="{refusing_origin()}/s/demo.js"></script>'

    visitor.page.goto(site.page(PAGE_WORKS + gated("analytics", "/a.js", web), head=tag))

    _expect_a_page_that_works(visitor, web)


def test_a_service_that_never_answers_holds_up_nothing(visitor, site, web):
    with stalling_server() as origin:
        tag = f'<script async src="{origin}/s/demo.js"></script>'
        address = site.page(PAGE_WORKS + gated("analytics", "/a.js", web), head=tag)

        visitor.page.goto(address, wait_until="domcontentloaded")

        _expect_a_page_that_works(visitor, web)
        visitor.page.goto("about:blank")


@pytest.mark.parametrize("broken", SCRIPTS)
def test_a_script_that_is_not_the_script_leaves_the_page_alone(broken, visitor, site, web):
    address = web.put(VENDOR, "/s/demo.js", *SCRIPTS[broken], X_Content_Type_Options="nosniff")
    tag = f'<script async src="{address}"></script>'

    visitor.page.goto(site.page(PAGE_WORKS + gated("analytics", "/a.js", web), head=tag))

    assert web.requests_to(VENDOR) == ["/s/demo.js"]
    web.forget()
    _expect_a_page_that_works(visitor, web)


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("broken", BROKEN)
def test_the_pinned_widget_denies_everything_without_a_bundle(broken, visitor, site, web):
    _fail(visitor.page, "**/bundle", BROKEN[broken])
    tag = _pinned_tag(site, visitor)
    visitor.open(site.page(PAGE_WORKS + gated("analytics", "/a.js", web), head=tag))

    answers = visitor.page.evaluate(
        "Promise.all([ConsentServer.acceptAll(), ConsentServer.getReceipt()])"
    )

    assert answers == [False, None]
    assert visitor.granted() == set()
    _expect_a_page_that_works(visitor, web)


def test_the_pinned_widget_gives_up_on_a_bundle_that_never_comes(visitor, site, web):
    held = []
    visitor.page.clock.install()
    visitor.page.route("**/bundle", lambda route: held.append(route))
    page = site.page(PAGE_WORKS + gated("analytics", "/a.js", web), head=_pinned_tag(site, visitor))
    with visitor.page.expect_request("**/bundle"):
        visitor.page.goto(page)
    visitor.page.evaluate("void ConsentServer.ready().then(() => { window.isReady = true })")

    visitor.page.clock.run_for(30_000)

    visitor.page.wait_for_function("window.isReady")
    assert len(held) == 1
    assert visitor.granted() == set()
    _expect_a_page_that_works(visitor, web)


def _pinned_tag(site, visitor):
    bundle = visitor.page.request.get(f"{site.service.origin}/v1/sites/{site.id}/bundle").json()
    address = f"{site.service.origin}/widget/{bundle['build']}.js"
    return f'<script async src="{address}" data-site="{site.id}"></script>'


def test_the_pinned_widget_asks_like_the_one_script_does(visitor, site, web):
    visitor.open(site.page(gated("analytics", "/a.js", web), head=_pinned_tag(site, visitor)))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert [record["event"] for record in site.records()] == ["given"]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_grant_that_meets_a_broken_service_stays_denied(broken, visitor, site, web):
    visitor.page.clock.install()
    _fail(visitor.page, "**/consents", BROKEN[broken])
    visitor.open(site.page(PAGE_WORKS + gated("analytics", "/a.js", web)))

    visitor.answer("accept").click()

    visitor.expect_said("offline_retry")
    assert visitor.granted() == set()
    _expect_a_page_that_works(visitor, web)
