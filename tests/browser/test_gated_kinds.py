"""R001, R002, R039, R041: every kind of element, over the whole life of a choice."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.web import VENDOR

#: Kind → the element, with ``{at}`` for the vendor's address; it asks for ``/<kind>``.
KINDS = {
    "script": '<script type="text/plain" {gate} data-src="{at}/script"></script>',
    "plain-script": '<script type="text/plain" {gate} src="{at}/plain-script"></script>',
    "module": (
        '<script type="text/plain" data-type="module" {gate} data-src="{at}/module"></script>'
    ),
    "async": '<script type="text/plain" async {gate} data-src="{at}/async"></script>',
    "defer": '<script type="text/plain" defer {gate} data-src="{at}/defer"></script>',
    "frame": '<iframe {gate} data-src="{at}/frame"></iframe>',
    "object": '<object {gate} data-data="{at}/object"></object>',
    "embed": '<embed {gate} data-src="{at}/embed">',
    "image": '<img {gate} data-src="{at}/image" alt="">',
    "srcset": '<img {gate} data-srcset="{at}/srcset 1x" alt="">',
    "picture": (
        '<picture><source {gate} data-srcset="{at}/picture">'
        '<img {gate} data-src="{at}/never" alt=""></picture>'
    ),
    "video": '<video {gate} preload="auto" data-src="{at}/video"></video>',
    "poster": '<video {gate} data-poster="{at}/poster"></video>',
    "audio": '<audio preload="auto"><source {gate} data-src="{at}/audio"></audio>',
    "stylesheet": '<link rel="stylesheet" {gate} data-href="{at}/stylesheet">',
    "preload": '<link rel="preload" as="image" {gate} data-href="{at}/preload">',
    "modulepreload": '<link rel="modulepreload" {gate} data-href="{at}/modulepreload">',
    "prefetch": '<link rel="prefetch" {gate} data-href="{at}/prefetch">',
    "template": '<template {gate}><img src="{at}/template" alt=""></template>',
}
PATHS = {f"/{kind}" for kind in KINDS}

FIRST = "((name) => document.getElementsByTagName(name)[0])"
#: Addresses and contents that are in the page for the vendor.
PRESENT = """at => [...document.querySelectorAll('[src], [srcset], [href], [poster], [data]')]
    .filter((element) => element.localName !== 'script')
    .filter((element) => ['src', 'srcset', 'href', 'poster', 'data']
        .some((name) => element.getAttribute(name)?.startsWith(at)))
    .map((element) => element.localName)"""


@pytest.fixture
def whole(a_site, web):
    """A page with one element of every kind, which stays when its scripts lose their consent."""
    site = a_site(on_withdrawal="continue")
    at = web.origin(VENDOR)
    for kind in ("script", "plain-script", "module", "async", "defer", "modulepreload"):
        body = "" if kind == "modulepreload" else f"(window.ran ||= []).push('{kind}')"
        web.put(VENDOR, f"/{kind}", body, "text/javascript")
    web.put(VENDOR, "/stylesheet", "h1 { color: red }", "text/css")
    gate = 'data-category="marketing"'
    body = "\n".join(kind.format(gate=gate, at=at) for kind in KINDS.values())
    return site.page(body)


def _wait_for_requests(visitor, web, paths):
    for _ in range(200):
        if paths <= set(web.requests_to(VENDOR)):
            return
        visitor.page.wait_for_timeout(25)
    assert paths <= set(web.requests_to(VENDOR))


def _present(visitor, web):
    return visitor.page.evaluate(PRESENT, web.origin(VENDOR))


def test_every_kind_of_element_over_the_whole_life_of_a_choice(visitor, web, whole):
    visitor.open(whole)
    visitor.reject_all()
    visitor.reload()
    assert (web.requests_to(VENDOR), _present(visitor, web)) == ([], [])

    visitor.way_back.click()
    visitor.switch("Marketing").check()
    visitor.save()
    visitor.expect_said("saved_status")
    _wait_for_requests(visitor, web, PATHS)
    visitor.wait_until_ran(5)
    assert sorted(visitor.ran()) == ["async", "defer", "module", "plain-script", "script"]
    in_order = [name for name in visitor.ran() if name != "async"]
    assert in_order == ["script", "plain-script", "module", "defer"]
    color = "getComputedStyle(document.querySelector('h1')).color"
    assert visitor.page.evaluate(color) == "rgb(255, 0, 0)"
    counts = {path: web.requests_to(VENDOR).count(path) for path in PATHS}
    assert {path for path, count in counts.items() if count > 2} == set()
    assert "/never" not in web.requests_to(VENDOR)

    visitor.withdraw()
    visitor.expect_said("withdrawn_status")
    assert _present(visitor, web) == []
    assert len(visitor.page.frames) == 1
    assert visitor.page.evaluate(color) != "rgb(255, 0, 0)"
    networks = "[...document.querySelectorAll('video, audio')].map((media) => media.networkState)"
    assert visitor.page.evaluate(networks) == [0, 0, 3]
    before = len(web.requests_to(VENDOR))
    visitor.reload()
    assert (len(web.requests_to(VENDOR)), _present(visitor, web)) == (before, [])


def test_every_kind_of_element_goes_when_the_choice_ends(visitor, web, whole):
    visitor.page.clock.install()
    visitor.open(whole)
    visitor.accept_all()
    _wait_for_requests(visitor, web, PATHS)

    visitor.stay_until(datetime.now(UTC) + timedelta(days=367))

    visitor.expect_asked()
    assert _present(visitor, web) == []
    before = len(web.requests_to(VENDOR))
    visitor.reload()
    visitor.expect_asked()
    assert (len(web.requests_to(VENDOR)), _present(visitor, web)) == (before, [])


def test_no_connection_is_opened_ahead_of_the_grant(visitor, site):
    """This browser opens none ahead when it is driven by a test, so its order to is looked at."""
    visitor.open(site.page('<link rel="preconnect" data-category="marketing" data-href="/x">'))
    link = visitor.page.locator("link")
    expect(link).not_to_have_attribute("href", "/x")

    visitor.accept_all()

    expect(link).to_have_attribute("href", "/x")


def test_what_is_out_of_our_hands_stays_as_the_page_wrote_it(visitor, site, web):
    body = """
        <a data-category="marketing" data-href="/a">x</a>
        <div data-category="shoes" data-src="/b">x</div>
        <svg><script type="text/plain" data-category="marketing">ran = ["svg"]</script>
        <script data-category="marketing" data-href="/c"></script></svg>
        <img data-category="shoes" src="/d.png" alt="">
        <form data-category="marketing"><input name="dataset"><input name="matches">
        <input name="querySelectorAll"><img data-category="marketing" data-src="/e" alt=""></form>
        <img name="querySelectorAll" src="/f.png" alt="">
        <script>for (const kind of [Object, Array, Element, Node, HTMLElement, Promise])
            Object.freeze(kind.prototype);</script>"""
    visitor.open(site.page(body))

    visitor.accept_all()

    visitor.page.wait_for_function(f"{FIRST}('form').lastElementChild.getAttribute('src') === '/e'")
    assert visitor.ran() == []
    assert visitor.page.evaluate(f"{FIRST}('a').href") == ""
    scripts = visitor.page.evaluate(f"{FIRST}('svg').innerHTML")
    assert (scripts.count("data-category"), scripts.count(" href")) == (2, 0)
    assert visitor.page.evaluate(f"{FIRST}('img').getAttribute('src')") == "/d.png"


def test_thousands_of_marked_elements_cost_in_proportion(visitor, site):
    """Ten times as many are looked at ten times as often, not a hundred times."""
    visitor.open(site.page("<main></main>"))
    visitor.accept_all()
    add = """count => {
        const {matches} = Element.prototype;
        let looks = 0;
        Element.prototype.matches = function (...selectors) {
            looks++;
            return matches.apply(this, selectors);
        };
        const main = document.querySelector('main');
        main.innerHTML = '<img data-category="marketing" data-src="data:," alt="">'.repeat(count);
        return new Promise((resolve) => setTimeout(() => {
            Element.prototype.matches = matches;
            resolve([main.querySelectorAll('img:not([src])').length, looks]);
        }));
    }"""
    few = visitor.page.evaluate(add, 1_000)
    many = visitor.page.evaluate(add, 10_000)

    assert (few[0], many[0]) == (0, 0)
    assert few[1] >= 1_000
    assert many[1] <= 10 * few[1]
