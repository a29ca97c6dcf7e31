"""What is marked with `!category` is there while that category is not granted, and only then."""

from playwright.sync_api import expect

from tests.browser.service import gated

BODY = """
    <template data-category="!analytics"><p class="plea">Counting is off.</p></template>
    <template data-category="analytics"><p class="thanks">Thank you.</p></template>
    <script type="text/plain" data-category="!analytics">
        (window.ran ||= []).push('without')
    </script>
    <script>
        window.pleas = 0;
        new MutationObserver(() => { pleas += document.querySelectorAll('.plea').length; })
            .observe(document, {childList: true, subtree: true});
    </script>
"""


def test_the_opposite_is_there_from_the_first_view_and_comes_and_goes(visitor, site, web):
    visitor.open(site.page(BODY + gated("analytics", "/with.js", web)))
    plea, thanks = visitor.page.locator(".plea"), visitor.page.locator(".thanks")
    expect(plea).to_be_visible()
    visitor.wait_until_ran()
    assert visitor.ran() == ["without"]

    visitor.accept_all()
    expect(plea).to_have_count(0)
    expect(thanks).to_be_visible()
    visitor.wait_until_ran(2)

    visitor.reload()
    visitor.wait_until_ran()
    expect(thanks).to_be_visible()
    assert (visitor.ran(), visitor.page.evaluate("pleas")) == (["with"], 0)

    visitor.withdraw()
    expect(plea).to_be_visible()
    expect(thanks).to_have_count(0)


def test_a_grant_that_cannot_be_checked_is_no_grant(visitor, site):
    visitor.open(site.page(BODY))
    visitor.accept_all()
    visitor.page.route("**/widget/*", lambda route: route.abort())

    visitor.reload()

    assert visitor.granted() == set()
    assert visitor.page.locator(".plea, .thanks").count() == 0
    visitor.page.unroute_all()
    visitor.page.evaluate("ConsentServer.withdraw()")
    expect(visitor.page.locator(".plea")).to_be_visible()
