"""R002: what was held back runs once, in its order, and comes and goes with the grant."""

from playwright.sync_api import expect

from tests.browser.service import gated
from tests.browser.web import VENDOR


def _inline(category: str, name: str) -> str:
    note = f"(window.ran ||= []).push('{name}')"
    return f'<script type="text/plain" data-category="{category}">{note}</script>'


def test_scripts_run_in_document_order_also_when_an_earlier_one_is_slow(visitor, site, web):
    body = gated("analytics", "/first.js", web) + _inline("marketing", "second")
    body += gated("functional", "/third.js", web) + _inline("analytics", "fourth")
    visitor.page.route("**/first.js", lambda route: _answer_after_a_moment(visitor, route))
    visitor.open(site.page(body))

    visitor.accept_all()

    visitor.wait_until_ran(4)
    assert visitor.ran() == ["first", "second", "third", "fourth"]


def _answer_after_a_moment(visitor, route):
    # Every other request of the page is answered first.
    visitor.page.evaluate("fetch(location.href).then((answer) => answer.text())")
    route.continue_()


def test_a_script_runs_once_however_often_it_is_granted(visitor, site, web):
    visitor.open(site.page(gated("analytics", "/once.js", web)))
    visitor.accept_all()
    visitor.wait_until_ran()

    visitor.withdraw()
    visitor.way_back.click()
    visitor.switch("Analytics").check()
    visitor.save()
    visitor.expect_said("saved_status")

    assert visitor.ran() == ["once"]
    assert web.requests_to(VENDOR) == ["/once.js"]


def test_only_the_scripts_of_the_granted_category_run(visitor, site, web):
    body = _inline("analytics", "counts") + _inline("marketing", "sells")
    visitor.open(site.page(body))

    visitor.allow("Analytics")

    visitor.wait_until_ran()
    assert visitor.ran() == ["counts"]


def test_a_script_that_fails_to_load_holds_up_no_other(visitor, site, web):
    body = gated("analytics", "/missing.js", web) + _inline("analytics", "next")
    visitor.page.route("**/missing.js", lambda route: route.abort())
    visitor.open(site.page(body))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert visitor.ran() == ["next"]


def test_an_element_that_the_page_adds_later_is_held_back_too(visitor, site, web):
    visitor.open(site.page())
    visitor.page.evaluate(
        """address => {
            const frame = document.createElement('iframe');
            frame.dataset.category = 'marketing';
            frame.dataset.src = address;
            document.body.append(frame);
        }""",
        f"{web.origin(VENDOR)}/late",
    )
    placeholder = visitor.page.locator("consent-placeholder")
    expect(placeholder).to_be_visible()
    before = web.requests_to(VENDOR)

    visitor.accept_all()

    expect(visitor.page.locator("iframe")).to_have_attribute("src", f"{web.origin(VENDOR)}/late")
    expect(placeholder).to_have_count(0)
    assert before == []


def test_a_placeholder_says_what_is_missing_and_leads_to_the_choices(visitor, site, web):
    frame = f'<iframe data-category="marketing" data-src="{web.origin(VENDOR)}/video"></iframe>'
    visitor.open(site.page(frame))
    visitor.reject_all()

    visitor.page.locator("consent-placeholder").get_by_role("button").click()
    visitor.switch("Marketing").check()
    visitor.save()

    expect(visitor.page.locator("iframe")).to_have_attribute("src", f"{web.origin(VENDOR)}/video")
    assert [record["method"] for record in site.records()] == ["banner", "placeholder"]


def test_a_category_that_the_document_does_not_know_never_runs(visitor, site, web):
    visitor.open(site.page(_inline("anything", "surprise") + _inline("analytics", "known")))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert visitor.ran() == ["known"]
