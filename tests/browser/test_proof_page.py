"""The page of a proof pack draws the banner as it was, asks nobody anything and keeps nothing."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from consent_server.evidence.formats import proof_in
from consent_server.sealing.service import seal
from consent_server.web.clock import now
from tests.browser.consent_page import OF_THE_NETWORK

LAYERS = ["first", "second"]


@pytest.fixture
def proof_page(service, tmp_path):
    """Write the page about the newest record of a site; give its address."""

    def proof_page(site, change=lambda html: html) -> str:
        recorded = site.records()[-1]["record_id"]
        with service.app.app_context():
            notary = service.app.extensions["consent_notary"]
            seal(site.id, notary, now())
            html = proof_in("html", site.id, recorded, notary, timedelta(seconds=60)).decode()
        file = tmp_path / f"{recorded}.html"
        file.write_text(change(html), encoding="utf-8")
        return file.as_uri()

    return proof_page


#: What the browser says when a dialog opens in a frame that nobody has touched; the frame means it.
NO_FOCUS = "Blocked autofocusing on a <h2> element in a cross-origin subframe."


@pytest.fixture
def reader(browser, browser_context_args):
    """Somebody who opens the page without a network; gives the page and what it asked for."""
    contexts, errors = [], []

    def reader(address: str, **options) -> tuple[Page, list[str]]:
        context = browser.new_context(**{**browser_context_args, "offline": True, **options})
        contexts.append(context)
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error.message))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(address)
        return page, requests

    yield reader
    for context in contexts:
        context.close()
    assert [said for said in errors if not said.startswith((NO_FOCUS, *OF_THE_NETWORK))] == []


def frame(page: Page, layer: str, width: str = "desktop"):
    name = {"first": "First layer", "second": "Second layer"}[layer]
    return page.frame_locator(f'iframe[title="{name}, {width}"]')


def banner(page_or_frame):
    return page_or_frame.locator("consent-server").get_by_role("region")


def dialog(page_or_frame):
    return page_or_frame.locator("consent-server").get_by_role("dialog")


def test_the_first_layer_is_the_one_that_the_visitor_saw(site, visitor, proof_page, reader):
    visitor.open(site.page())
    seen = banner(visitor.page).aria_snapshot(), banner(visitor.page).inner_text()
    visitor.accept_all()

    page, _ = reader(proof_page(site))

    for width in ("desktop", "phone"):
        again = banner(frame(page, "first", width))
        expect(again).to_be_visible()
        assert again.aria_snapshot() == seen[0]
    assert banner(frame(page, "first")).inner_text() == seen[1]


def test_another_text_would_be_another_picture(site, visitor, proof_page, reader):
    visitor.open(site.page())
    seen = banner(visitor.page).aria_snapshot()
    visitor.accept_all()

    title = visitor.texts["category.analytics.title"]
    page, _ = reader(proof_page(site, lambda html: html.replace(title, f"{title}!")))

    expect(banner(frame(page, "first"))).to_be_visible()
    assert banner(frame(page, "first")).aria_snapshot() != seen


def test_the_second_layer_is_the_one_that_the_visitor_saw(site, visitor, proof_page, reader):
    visitor.open(site.page())
    visitor.choose()
    seen = dialog(visitor.page).aria_snapshot()
    visitor.save()
    visitor.wait_until_delivered()

    page, _ = reader(proof_page(site))

    for width in ("desktop", "phone"):
        again = dialog(frame(page, "second", width))
        expect(again).to_be_visible()
        assert again.aria_snapshot() == seen


def test_a_text_that_was_replaced_since_is_still_the_one_of_the_record(
    site, visitor, proof_page, reader
):
    visitor.open(site.page())
    seen = banner(visitor.page).aria_snapshot()
    visitor.accept_all()
    recorded = site.records()[-1]["record_id"]
    site.publish(texts={"en": {"category.analytics.text": "Something else."}})

    page, _ = reader(proof_page(site))

    assert recorded in page.title()
    expect(banner(frame(page, "first"))).to_be_visible()
    assert banner(frame(page, "first")).aria_snapshot() == seen


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_it_speaks_the_language_of_the_record(a_site, visitor, proof_page, reader, language):
    site = a_site(languages={"default": "en", "available": ["en", language]})
    visitor.speaks(language)
    visitor.open(site.page(language=language))
    seen = banner(visitor.page).aria_snapshot()
    visitor.accept_all()

    page, _ = reader(proof_page(site), locale="de-DE")

    expect(banner(frame(page, "first"))).to_be_visible()
    assert banner(frame(page, "first")).aria_snapshot() == seen
    answer = page.get_by_role("listitem").filter(has_text=visitor.texts["category.analytics.title"])
    expect(answer.first).to_contain_text("allowed")


def press(page: Page, layer: str, role: str, name: str) -> None:
    """Press in a frame. One that nobody sees is not drawn, so it is scrolled to."""
    title = {"first": "First layer", "second": "Second layer"}[layer]
    page.locator(f'iframe[title="{title}, desktop"]').scroll_into_view_if_needed()
    shown = (banner if layer == "first" else dialog)(frame(page, layer))
    shown.get_by_role(role, name=name, exact=True).last.click(timeout=5000)


def test_nothing_leaves_it_and_nothing_is_kept(site, visitor, proof_page, reader):
    visitor.open(site.page())
    visitor.accept_all()
    before = len(site.records())

    address = proof_page(site)
    page, requests = reader(address)
    expect(banner(frame(page, "first"))).to_be_visible()
    expect(dialog(frame(page, "second"))).to_be_visible()
    texts = visitor.texts
    for slot in ("reject", "accept"):
        press(page, "first", "button", texts[slot])
    for slot in ("save", "reject", "accept"):
        press(page, "second", "button", texts[slot])
    press(page, "second", "link", texts["policy"])

    expect(banner(frame(page, "first"))).to_be_visible()
    expect(dialog(frame(page, "second"))).to_be_visible()
    assert requests == [address]
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert len(page.context.pages) == 1
    assert len(site.records()) == before


def test_the_frames_have_no_way_around_the_policy(site, visitor, proof_page, reader):
    """A Content-Security-Policy says nothing about connections between browsers."""
    visitor.open(site.page())
    visitor.accept_all()
    page, _ = reader(proof_page(site))
    expect(banner(frame(page, "first"))).to_be_visible()

    ways = "[typeof RTCPeerConnection, typeof webkitRTCPeerConnection]"
    assert [frame.evaluate(ways) for frame in page.frames[1:]] == [["undefined"] * 2] * 4
    assert page.evaluate("typeof RTCPeerConnection") == "function"


def unguarded(html: str) -> str:
    """Take away what keeps the frames still."""
    html = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", html)
    html, count = re.subn(r"window\.fetch = .*?;\\n", "", html)
    html, more = re.subn(r"answers\.has\(", "false && answers.has(", html)
    assert (count, more) == (1, 1)
    # Addresses in a file lead to files; those of a service lead to it.
    return html.replace("\\u003chead>", '\\u003chead>\\u003cbase href=\\"http://127.0.0.1:9/\\">')


def test_without_its_guards_it_would_ask_somebody(site, visitor, proof_page, reader):
    visitor.open(site.page())
    visitor.accept_all()

    page, requests = reader(proof_page(site, unguarded))
    with page.expect_request(lambda request: "/widget/" in request.url, timeout=5000):
        press(page, "first", "button", visitor.texts["reject"])

    assert len(requests) > 1


def test_the_reader_is_not_taken_away_from_the_beginning(site, visitor, proof_page, reader):
    visitor.open(site.page())
    visitor.accept_all()

    page, _ = reader(proof_page(site))
    expect(dialog(frame(page, "second", "phone"))).to_be_visible()

    page.evaluate(
        """() => new Promise((done, failed) => {
            const look = (left) => document.activeElement === document.body ? done()
                : left ? setTimeout(look, 10, left - 1) : failed(new Error('the frame keeps it'));
            look(500);
        })"""
    )
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_can_be_read_without_scripts(site, visitor, proof_page, reader):
    visitor.open(site.page())
    visitor.accept_all()

    page, _ = reader(
        proof_page(site), java_script_enabled=False, viewport={"width": 360, "height": 640}
    )

    expect(page.get_by_role("heading", level=1)).to_have_text("Proof of a decision about consent")
    expect(page.get_by_role("heading", name="What was decided")).to_be_visible()
    expect(page.get_by_text("“Accept all” was pressed, on the banner")).to_be_visible()


HOSTILE = "</script><img src=x onerror='window.hacked=1'> <!-- \" <script>"


def test_texts_are_never_markup(a_site, visitor, proof_page, reader):
    texts = {"en": {"category.analytics.title": HOSTILE, "category.marketing.text": HOSTILE}}
    site = a_site(texts=texts)
    visitor.open(site.page())
    seen = banner(visitor.page).aria_snapshot()
    visitor.accept_all()

    address = proof_page(site)
    page, requests = reader(address)

    expect(banner(frame(page, "first"))).to_be_visible()
    assert banner(frame(page, "first")).aria_snapshot() == seen
    expect(page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    assert [frame.evaluate("window.hacked") for frame in page.frames] == [None] * 5
    assert requests == [address]
