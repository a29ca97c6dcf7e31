"""R001, R002, R003, R007: nothing optional happens before a choice."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import gated
from tests.browser.web import SHOP, VENDOR

KINDS = {
    "script": '<script type="text/plain" data-category="marketing" data-src="{url}"></script>',
    "script with src": '<script type="text/plain" data-category="marketing" src="{url}"></script>',
    "iframe": '<iframe data-category="marketing" data-src="{url}" title="Video"></iframe>',
    "image": '<img data-category="marketing" data-src="{url}" alt="">',
    "image set": '<img data-category="marketing" data-srcset="{url} 1x" alt="">',
    "style sheet": '<link rel="stylesheet" data-category="marketing" data-href="{url}">',
    "prefetch": '<link rel="prefetch" data-category="marketing" data-href="{url}">',
    "preload": '<link rel="preload" as="image" data-category="marketing" data-href="{url}">',
    "template": '<template data-category="marketing"><img src="{url}" alt=""></template>',
}


def test_before_any_choice_nothing_is_stored_and_no_vendor_is_contacted(visitor, site, web):
    vendor = web.origin(VENDOR)
    body = "".join(html.format(url=f"{vendor}/{kind}") for kind, html in KINDS.items())
    hosts = []
    visitor.page.on("request", lambda request: hosts.append(request.url.split("/")[2]))
    visitor.page.clock.install()

    visitor.open(site.page(f'{body}<p style="height: 3000px">Long</p>'))
    visitor.expect_asked()
    visitor.page.mouse.wheel(0, 1500)
    visitor.page.mouse.click(300, 50)
    visitor.page.clock.run_for(10_000)

    assert visitor.cookies() == {}
    assert all(names == [] for names in visitor.storage().values())
    assert set(hosts) == {f"{SHOP}:{web.port}", site.service.origin.removeprefix("http://")}
    assert web.requests_to(VENDOR) == []
    assert site.records() == []


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("kind", KINDS)
def test_a_marked_element_loads_after_its_category_is_granted(kind, visitor, site, web):
    kept = KINDS[kind].format(url=f"{web.origin(VENDOR)}/kept")
    visitor.open(site.page(kept))
    visitor.expect_asked()
    before = web.requests_to(VENDOR)

    with visitor.page.expect_request(f"{web.origin(VENDOR)}/kept"):
        visitor.accept_all()

    assert before == []


def test_a_preconnect_is_no_connection_before_the_grant(visitor, site, web):
    hint = f'<link rel="preconnect" data-category="marketing" data-href="{web.origin(VENDOR)}">'
    visitor.open(site.page(hint))
    link = visitor.page.locator("link[rel=preconnect]")
    expect(link).not_to_have_attribute("href", web.origin(VENDOR))

    visitor.accept_all()

    expect(link).to_have_attribute("href", web.origin(VENDOR))


def test_the_request_for_the_script_is_the_same_from_two_fresh_profiles(new_visitor, site):
    def request_of_a_fresh_profile():
        visitor = new_visitor()
        with visitor.page.expect_response(site.script) as answered:
            visitor.open(site.page())
        answer = answered.value
        names = ("cookie", "authorization", "if-none-match")
        sent = answer.request.all_headers()
        return (
            answer.request.url,
            sent,
            {name for name in names if name in sent},
            answer.all_headers().get("set-cookie"),
            answer.body(),
        )

    first, second = request_of_a_fresh_profile(), request_of_a_fresh_profile()

    assert first == second
    assert (first[2], first[3]) == (set(), None)


def test_a_visitor_with_a_consent_sends_no_cookie_for_the_script_either(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()

    with visitor.page.expect_response(site.script) as answered:
        visitor.reload()

    assert "cookie" not in answered.value.request.all_headers()


def test_without_scripting_nothing_gated_is_fetched_and_the_page_is_readable(
    browser, browser_context_args, site, web
):
    kept = "".join(html.format(url=f"{web.origin(VENDOR)}/{kind}") for kind, html in KINDS.items())
    with browser.new_context(**browser_context_args, java_script_enabled=False) as context:
        page: Page = context.new_page()

        page.goto(site.page(f"<p>Readable</p>{kept}"))

        expect(page.get_by_text("Readable")).to_be_visible()
        assert context.cookies() == []
    assert web.requests_to(VENDOR) == []


def test_a_script_of_a_required_category_runs_without_any_question(visitor, site, web):
    visitor.open(site.page(gated("necessary", "/basket.js", web)))

    visitor.wait_until_ran()

    visitor.expect_asked()
    assert visitor.ran() == ["basket"]


def test_the_question_takes_no_focus_from_the_page(visitor, site):
    visitor.open(site.page())
    visitor.expect_asked()

    visitor.page.wait_for_timeout(100)

    assert visitor.page.evaluate("document.activeElement === document.body")
