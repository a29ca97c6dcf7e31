"""F-41: where the browser refuses every store at once, and in frames it keeps apart."""

import pytest
from playwright.sync_api import expect

from tests.browser.consent_page import ConsentPage
from tests.browser.hostile.surroundings.test_storage_faults import NO_CHANNEL, NO_LOCAL, NO_SESSION
from tests.browser.service import OPTIONAL, TRACKER, gated
from tests.browser.test_stores import STORES
from tests.browser.web import SHOP, VENDOR

#: As when all site data is blocked: whatever stores is there, and throws or rejects.
NO_COOKIES = """Object.defineProperty(Document.prototype, 'cookie', {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
    set() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
});"""
#: The same without a word: what is written is not there.
DEAF_COOKIES = "Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set() {}});"
NO_OTHERS = """(() => {
    const refuse = () => { throw new DOMException('Denied.', 'SecurityError'); };
    const reject = async () => refuse();
    indexedDB.databases = reject;
    indexedDB.deleteDatabase = refuse;
    caches.keys = reject;
    Object.defineProperty(navigator, 'serviceWorker', {get: refuse});
})();"""
REFUSALS = {
    "cookies throw": [NO_COOKIES, NO_LOCAL],
    "everything throws": [NO_COOKIES, NO_LOCAL, NO_SESSION, NO_CHANNEL, NO_OTHERS],
    "cookies are dropped": [DEAF_COOKIES, NO_LOCAL, NO_SESSION, NO_CHANNEL, NO_OTHERS],
}
TELL = """window.told = [];
document.addEventListener('consent:error', ({detail}) => told.push(detail.reason));"""
#: A page that counts on its stores, with the same held-back script.
NAIVE = """<script>
    document.cookie = 'choice=yes';
    localStorage.setItem('choice', 'yes');
</script>"""


@pytest.fixture(params=REFUSALS)
def refused(request, visitor):
    """A visitor whose browser keeps nothing."""
    for script in [TELL, *REFUSALS[request.param]]:
        visitor.page.add_init_script(script)
    return visitor


@pytest.fixture
def shop(a_site, web):
    """A shop whose vendor keeps something in every kind of store."""
    stores = [{"kind": kind, "name": name, "lifetime": "P1Y"} for kind, name in STORES]
    site = a_site(on_withdrawal="continue", services=[{**TRACKER, "stores": stores}])
    site.address = site.page(gated("analytics", "/a.js", web))
    return site


def test_a_choice_holds_for_the_page_and_nothing_is_said_to_have_failed(refused, shop, web):
    refused.open(shop.address)
    refused.expect_asked()

    refused.accept_all()
    refused.wait_until_ran()
    assert refused.granted() == set(OPTIONAL)
    with refused.page.expect_response("**/consents"):
        refused.withdraw()
    refused.expect_said("withdrawn_status")
    refused.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    refused.expect_not_asked()
    assert refused.granted() == set()
    assert refused.page.evaluate("told") == []
    assert [record["event"] for record in shop.records()] == ["given", "withdrawn"]
    refused.reload()
    refused.expect_asked()
    assert (refused.granted(), web.requests_to(VENDOR)) == (set(), ["/a.js"])


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_an_answer_waits_in_the_page_for_a_second_part_that_is_late(answer, refused, shop, web):
    refused.page.route("**/widget/*.js", lambda route: route.abort())
    refused.open(shop.address)

    refused.answer(answer).click()

    refused.expect_said("offline_retry" if answer == "accept" else "offline_denied")
    refused.expect_not_asked()
    assert (refused.granted(), web.requests_to(VENDOR)) == (set(), [])
    assert set(refused.page.evaluate("told")) == {"unreachable"}
    refused.page.unroute("**/widget/*.js")
    with refused.page.expect_response("**/consents"):
        refused.page.evaluate("window.dispatchEvent(new Event('online'))")
    if answer == "accept":
        refused.wait_until_ran()
    events = [record["event"] for record in shop.records()]
    assert events == ["given" if answer == "accept" else "refused"]
    assert refused.granted() == (set(OPTIONAL) if answer == "accept" else set())


def test_a_page_that_counts_on_its_stores_would_be_noticed(new_visitor, web):
    visitor = new_visitor()
    for script in REFUSALS["everything throws"]:
        visitor.page.add_init_script(script)

    visitor.page.goto(web.put(SHOP, "/naive", NAIVE))

    assert len(visitor.errors) == 1
    visitor.errors.clear()


def _framed(visitor, shop, web):
    """Go to a page of another site that frames the shop; return the frame, and its buttons."""
    outer = f'<iframe src="{shop.address}" width="900" height="600"></iframe>'
    visitor.page.goto(web.put(VENDOR, "/outer", outer))
    frame = visitor.page.frames[1]
    frame.wait_for_function("window.ConsentServer && !Array.isArray(ConsentServer)")
    frame.evaluate("ConsentServer.ready().then(() => undefined)")

    def button(slot):
        return frame.get_by_role("button", name=visitor.texts[slot], exact=True)

    return frame, button


def test_a_refusal_in_a_frame_without_any_store_holds_for_the_page_and_goes_no_further(
    refused, shop, web
):
    frame, button = _framed(refused, shop, web)

    button("reject").click()

    expect(button("reopen")).to_be_visible()
    assert frame.evaluate("[ConsentServer.has('analytics'), told]") == [False, []]
    assert "/a.js" not in web.requests_to(VENDOR)
    refused.open(shop.address)
    refused.expect_asked()


def test_what_was_granted_at_the_site_itself_is_not_granted_in_a_frame_of_another(
    visitor, shop, web
):
    visitor.page.add_init_script(TELL)
    visitor.open(shop.address)
    visitor.accept_all()
    visitor.wait_until_ran()

    frame, button = _framed(visitor, shop, web)
    button("accept").click()

    frame.wait_for_function("told.includes('framed')")
    assert frame.evaluate("ConsentServer.has('analytics')") is False
    assert web.requests_to(VENDOR) == ["/a.js", "/outer"]
    assert [record["event"] for record in shop.records()] == ["given"]
    # Nor does the frame take anything back from the site itself.
    own = ConsentPage(visitor.page.context.new_page())
    own.open(shop.address)
    own.wait_until_ran()
    own.expect_not_asked()
