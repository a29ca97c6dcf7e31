"""F-41: where a browser keeps nothing, the banner works and the choice holds for the page."""

import pytest

from tests.browser.service import OPTIONAL, gated
from tests.browser.web import SHOP, VENDOR

NO_LOCAL = """Object.defineProperty(window, 'localStorage', {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
});"""
NO_CHANNEL = """window.BroadcastChannel = function () {
    throw new DOMException('The operation is insecure.', 'SecurityError');
};"""
NO_SESSION = NO_LOCAL.replace("localStorage", "sessionStorage")
FULL = """() => {
    let name = 0;
    for (let size = 1 << 22; size >= 1; size >>= 1) {
        try {
            for (;;) { localStorage.setItem(`fill-${name}`, 'x'.repeat(size)); name += 1; }
        } catch {}
    }
}"""
ORPHAN = "sandbox allow-scripts"


def _without_cookies(visitor):
    browser = visitor.page.context.new_cdp_session(visitor.page)
    browser.send("Emulation.setDocumentCookieDisabled", {"disabled": True})


def _expect_an_acceptance_that_holds(visitor, site):
    visitor.accept_all()
    visitor.wait_until_ran()
    visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert visitor.granted() == set(OPTIONAL)
    token = visitor.page.evaluate("ConsentServer.getToken()")
    assert site.check(token, "analytics")["granted"] is True
    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()
    visitor.expect_said("withdrawn_status")
    assert visitor.granted() == set()
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    "spoil",
    [[], [NO_LOCAL], [NO_LOCAL, NO_SESSION, NO_CHANNEL]],
    ids=["cookies off", "session storage only", "everything off"],
)
def test_without_cookies_a_choice_holds_for_the_page(spoil, visitor, a_site, web):
    site = a_site(on_withdrawal="continue")
    for script in spoil:
        visitor.page.add_init_script(script)
    _without_cookies(visitor)
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    _expect_an_acceptance_that_holds(visitor, site)

    assert visitor.cookies() == {}
    visitor.reload()
    visitor.expect_asked()


def test_without_local_storage_a_choice_is_remembered(visitor, a_site, web):
    site = a_site(on_withdrawal="continue")
    visitor.page.add_init_script(NO_LOCAL)
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    _expect_an_acceptance_that_holds(visitor, site)

    visitor.reload()
    visitor.expect_not_asked()


def test_with_a_full_store_a_choice_is_delivered_and_remembered(visitor, a_site, web):
    site = a_site(on_withdrawal="continue")
    visitor.page.goto(site.page(head="", path="/fill"))
    visitor.page.evaluate(FULL)
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    _expect_an_acceptance_that_holds(visitor, site)

    visitor.reload()
    visitor.expect_not_asked()


@pytest.mark.parametrize("sandbox", ["", ' sandbox="allow-scripts"'], ids=["", "sandboxed"])
def test_in_a_frame_of_another_site_a_refusal_holds_for_the_page(sandbox, visitor, site, web):
    inner = site.page(gated("analytics", "/a.js", web))
    outer = f'<iframe src="{inner}" width="900" height="600"{sandbox}></iframe>'
    visitor.page.goto(web.put(VENDOR, "/outer", outer))
    frame = visitor.page.frame_locator("iframe")
    said = visitor.page.frames[1]

    frame.get_by_role("button", name=visitor.texts["reject"], exact=True).click()

    frame.get_by_role("button", name=visitor.texts["reopen"], exact=True).wait_for()
    assert said.evaluate("ConsentServer.getConsent().categories") == dict.fromkeys(OPTIONAL, False)
    assert "/a.js" not in web.requests_to(VENDOR)
    assert {record["event"] for record in site.records()} <= {"refused"}


def test_on_a_page_without_an_origin_nothing_can_be_recorded_and_nothing_is_granted(
    visitor, site, web
):
    visitor.page.add_init_script(
        """window.told = [];
        document.addEventListener('consent:error', ({detail}) => told.push(detail.reason));"""
    )
    body = gated("analytics", "/a.js", web)
    visitor.open(site.page(body, Content_Security_Policy=ORPHAN))

    visitor.answer("accept").click()

    visitor.expect_said("offline_retry")
    assert set(visitor.page.evaluate("told")) == {"unreachable"}
    assert (visitor.granted(), visitor.ran(), site.records()) == (set(), [], [])


def test_a_page_that_trusts_its_storage_breaks_where_ours_does_not(new_visitor, web):
    visitor = new_visitor()
    for script in (NO_LOCAL, NO_SESSION, NO_CHANNEL):
        visitor.page.add_init_script(script)
    naive = "<script>localStorage.getItem('x')</script><script>new BroadcastChannel('x')</script>"

    visitor.page.goto(web.put(SHOP, "/naive", naive))

    assert len(visitor.errors) == 2
    visitor.errors.clear()
