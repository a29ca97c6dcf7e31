"""R016: nothing that a page does to itself takes the question or its answers away."""

import pytest
from playwright.sync_api import expect

from tests.browser.web import SHOP, VENDOR

#: Each makes the body what `position: fixed` is measured from, or cuts off what is beside it.
TAKE_ALONG = [
    "transform: translateX(0)",
    "filter: opacity(1)",
    "will-change: transform",
    "contain: paint",
    "perspective: 100px",
]


@pytest.mark.parametrize("rule", TAKE_ALONG)
def test_both_answers_stay_in_the_window(rule, visitor, site):
    style = f"<style>body {{ {rule}; height: 5000px }}</style>"
    visitor.open(site.page(style))

    for slot in ("accept", "reject"):
        box = visitor.answer(slot).bounding_box()
        assert 0 < box["y"] < 700 - box["height"]
    visitor.accept_all()
    expect(visitor.way_back).to_be_in_viewport()
    assert [record["event"] for record in site.records()] == ["given"]


def test_an_inline_script_that_writes_does_not_begin_an_empty_page(visitor, site):
    inline = (
        '<p id="words">The page</p><script type="text/plain" data-category="analytics">'
        "document.write('<b>written</b>'); document.open(); (window.ran ||= []).push('inline');"
        "</script>"
    )
    visitor.open(site.page(inline))
    native = visitor.page.evaluate("document.write === Document.prototype.write")

    visitor.accept_all()
    visitor.wait_until_ran()

    assert native
    assert visitor.page.evaluate("document.write === Document.prototype.write")
    expect(visitor.page.locator("#words")).to_be_visible()
    expect(visitor.way_back).to_be_visible()


def test_what_trusted_types_guard_opens_without_a_violation(visitor, site, web):
    policy = "require-trusted-types-for 'script'; trusted-types consent-server"
    held = (
        f'<embed data-category="analytics" data-src="{web.origin(VENDOR)}/v">'
        f'<object data-category="analytics" data-data="{web.origin(VENDOR)}/v"></object>'
        '<template data-category="analytics"><script>(window.ran ||= []).push("inner")</script>'
        "</template>"
    )
    visitor.page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', (event) => violations.push(event.sample));"
    )
    visitor.open(site.page(held, Content_Security_Policy=policy))

    visitor.accept_all()
    visitor.wait_until_ran()

    expect(visitor.page.locator("embed[src]")).to_have_count(1)
    expect(visitor.page.locator("object[data]")).to_have_count(1)
    assert visitor.ran() == ["inner"]
    assert visitor.page.evaluate("violations") == []


def test_nobody_accepts_in_a_frame_of_another_page(visitor, site, web):
    """T-13: neither a press nor the page's own code, which does not know what was pressed."""
    inner = site.page("<button onclick='ConsentServer.acceptAll()'>Go on</button>", path="/inner")
    outer = web.put(
        SHOP, "/outer", f"<iframe src='{inner}' width=900 height=600></iframe>", "text/html"
    )
    visitor.page.goto(outer)
    frame = visitor.page.frame_locator("iframe")

    frame.get_by_role("button", name="Go on").click()
    frame.locator("consent-server").get_by_role("status").filter(
        has_text=visitor.texts["framed"]
    ).wait_for()

    assert visitor.page.frames[1].evaluate("ConsentServer.acceptAll()") is False
    assert site.records() == []


def test_what_the_page_needs_opens_after_a_first_failure(visitor, site):
    held = (
        '<script type="text/plain" data-category="necessary">(window.ran ||= []).push("n")</script>'
    )
    visitor.page.route("**/widget/*.js", lambda route: route.abort(), times=1)
    visitor.page.clock.install()
    with visitor.page.expect_event("requestfailed"):
        visitor.open(site.page(held))
    assert visitor.ran() == []

    visitor.page.clock.run_for(31_000)

    visitor.wait_until_ran()
    assert visitor.ran() == ["n"]


def test_the_second_layer_stays_in_front_of_a_page_that_empties_itself(visitor, site):
    visitor.open(site.page("<button>Buy</button>"))
    visitor.choose()
    visitor.switch(visitor.texts["category.analytics.title"]).check()

    visitor.page.evaluate("document.body.innerHTML = '<button>Buy</button>'")

    dialog = visitor.preferences
    expect(dialog).to_be_visible()
    expect(visitor.page.locator("consent-server dialog:modal")).to_have_count(1)
    expect(visitor.switch(visitor.texts["category.analytics.title"])).to_be_checked()
    visitor.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    visitor.expect_asked()
    assert visitor.cookies() == {}


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_both_answers_work_on_a_page_that_was_written_anew(answer, visitor, site):
    visitor.open(site.page())

    visitor.page.evaluate(
        """() => {
            document.open();
            document.write('<body><a href="#" data-consent="open">Privacy</a></body>');
            document.close();
        }"""
    )

    expect(visitor.answer(answer)).to_be_visible()
    visitor.page.get_by_text("Privacy").click()
    expect(visitor.preferences).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.preferences).to_have_count(0)
    visitor.answer(answer).click()
    expect(visitor.banner).to_have_count(0)
    visitor.expect_said("saved_status" if answer == "accept" else "rejected_status")
    visitor.way_back.click()
    expect(visitor.preferences).to_be_visible()
    visitor.wait_until_delivered()
    expected = ["given"] if answer == "accept" else ["refused"]
    assert [record["event"] for record in site.records()] == expected


def test_asking_again_for_the_second_layer_leaves_it_open(visitor, site):
    visitor.open(site.page())
    visitor.choose()

    visitor.page.evaluate(
        """() => new Promise((resolve) => {
            const {shadowRoot} = document.querySelector('consent-server');
            // The event comes late, when the next dialog is there.
            shadowRoot.querySelector('dialog').addEventListener('close', () => setTimeout(resolve));
            ConsentServer.showPreferences();
        })"""
    )

    expect(visitor.page.locator("consent-server dialog:modal")).to_have_count(1)
    visitor.page.keyboard.press("Escape")
    expect(visitor.preferences).to_have_count(0)


def test_a_placeholder_that_a_page_written_anew_takes_over_works(visitor, site, web):
    frame = f'<iframe data-category="marketing" data-src="{web.origin(VENDOR)}/v"></iframe>'
    visitor.open(site.page(frame))
    expect(visitor.page.locator("consent-placeholder")).to_be_visible()

    visitor.page.evaluate(
        """() => {
            const placeholder = document.querySelector('consent-placeholder');
            document.open();
            document.write('<p>Anew');
            document.close();
            document.body.append(placeholder);
        }"""
    )

    visitor.expect_asked()
    visitor.button(visitor.page.locator("consent-placeholder"), "placeholder_allow").press("Enter")
    expect(visitor.preferences).to_be_visible()
