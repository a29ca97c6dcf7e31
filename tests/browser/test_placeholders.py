"""What stands where a frame is held back says what it waits for, and blames nobody."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.service import TRACKER
from tests.browser.web import VENDOR

AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
SERVICES = [{**TRACKER, "id": id_, "name": id_.title(), "stores": []} for id_ in ("one", "two")]


def _text(visitor, slot, **values):
    return visitor.texts[slot].format(**values)


def test_a_placeholder_names_what_it_waits_for(visitor, a_site, web):
    site = a_site(services=SERVICES)
    frames = "".join(
        f'<iframe data-category="analytics" {service} data-src="{web.origin(VENDOR)}/v"></iframe>'
        for service in ('data-service="two"', 'title="A film"', "")
    )
    visitor.open(site.page(frames))
    lines = visitor.page.locator("consent-placeholder p")
    names = ["Two", "A film", visitor.texts["placeholder_content"]]

    expect(lines).to_have_text([_text(visitor, "placeholder_text", service=n) for n in names])


def test_a_refused_service_of_a_granted_category_keeps_its_placeholder(visitor, a_site, web):
    site = a_site(services=SERVICES)
    frame = f'data-category="analytics" data-service="two" data-src="{web.origin(VENDOR)}/v"'
    visitor.open(site.page(f"<iframe {frame}></iframe>"))
    line = visitor.page.locator("consent-placeholder p")
    visitor.choose()
    visitor.preferences.get_by_text("2 services in detail").click()
    visitor.switch("One").check()
    visitor.save()
    visitor.expect_said("saved_status")

    expect(line).to_have_text(_text(visitor, "placeholder_text", service="Two"))

    visitor.button(visitor.page.locator("consent-placeholder"), "placeholder_allow").click()
    visitor.preferences.get_by_text("2 services in detail").click()
    visitor.switch("Two").check()
    visitor.save()
    expect(visitor.page.locator("iframe")).to_have_attribute("src", f"{web.origin(VENDOR)}/v")


def _frames(web, *attributes, category="analytics"):
    address = f'data-category="{category}" data-src="{web.origin(VENDOR)}/v"'
    return "".join(f"<iframe {address} {each}></iframe>" for each in attributes)


def _button(visitor, slot, at=0):
    label = _text(visitor, slot, service="Two")
    placeholder = visitor.page.locator("consent-placeholder").nth(at)
    return placeholder.get_by_role("button", name=label, exact=True)


def test_always_allows_the_service_and_nothing_else_of_its_category(visitor, a_site, web):
    site = a_site(services=SERVICES)
    two = 'data-service="two"'
    visitor.open(site.page(_frames(web, two, two, 'data-service="one"', "")))

    _button(visitor, "placeholder_always").focus()
    visitor.page.keyboard.press("Enter")
    visitor.expect_said("saved_status")

    expect(visitor.page.locator("iframe[src]")).to_have_count(2)
    expect(visitor.page.locator("consent-placeholder")).to_have_count(2)
    expect(visitor.page.locator("iframe").first).to_be_focused()
    assert visitor.state()["services"] == {"one": False, "two": True}
    record = site.records()[0]
    assert (record["method"], record["categories"]["marketing"]["granted"]) == (
        "placeholder",
        False,
    )
    visitor.reload()
    expect(visitor.page.locator("iframe[src]")).to_have_count(2)


def test_once_shows_the_service_on_this_page_and_leaves_nothing_granted(visitor, a_site, web):
    site = a_site(services=SERVICES)
    two = 'data-service="two"'
    visitor.open(site.page(_frames(web, two, two, 'data-service="one"', "")))

    _button(visitor, "placeholder_once").click()

    expect(visitor.page.locator("iframe[src]")).to_have_count(2)
    expect(visitor.page.locator("consent-placeholder")).to_have_count(2)
    visitor.expect_asked()
    assert (visitor.granted(), visitor.cookies()) == (set(), {})
    visitor.page.wait_for_load_state("networkidle")
    given, withdrawn = site.records()
    assert (given["method"], withdrawn["event"]) == ("placeholder", "withdrawn")
    visitor.reload()
    expect(visitor.page.locator("consent-placeholder")).to_have_count(4)


def test_a_press_by_code_allows_nothing(visitor, a_site, web):
    site = a_site(services=SERVICES)
    visitor.open(site.page(_frames(web, 'data-service="two"')))

    for slot in ("placeholder_once", "placeholder_always"):
        _button(visitor, slot).evaluate("button => button.click()")

    visitor.expect_asked()
    assert (web.requests_to(VENDOR), site.records()) == ([], [])


def test_a_placeholder_has_the_measures_of_its_frame(visitor, a_site, web):
    site = a_site(services=SERVICES)
    style = "<style>.wide { width: 50% } .wrap { width: 800px }</style>"
    frames = _frames(
        web,
        'width="400" height="300"',
        'width="100%" height="250"',
        'class="wide" width="100" height="260"',
        'style="width: 300px; aspect-ratio: 3 / 2"',
    )
    visitor.open(site.page(f'{style}<div class="wrap">{frames}</div>'))
    placeholders = visitor.page.locator("consent-placeholder")
    measures = "all => all.map((each) => [each.offsetWidth, each.offsetHeight])"

    expect(placeholders).to_have_count(4)
    assert placeholders.evaluate_all(measures) == [[400, 300], [800, 250], [400, 260], [300, 200]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_placeholders_read_well_in_both_directions_and_schemes(
    language, scheme, visitor, a_site, web
):
    site = a_site(services=SERVICES, languages={"default": language, "available": [language]})
    visitor.speaks(language)
    visitor.page.emulate_media(color_scheme=scheme)
    frames = _frames(web, 'data-service="two" width="400" height="300"', 'width="200" height="99"')
    visitor.open(site.page(frames, language=language))
    visitor.reject_all()
    placeholders = visitor.page.locator("consent-placeholder")
    visitor.page.add_script_tag(path=AXE)

    found = visitor.page.evaluate(
        "axe.run('consent-placeholder').then(({violations}) => violations)"
    )

    assert found == []
    assert placeholders.evaluate_all("all => all.map(({lang, dir}) => [lang, dir])") == 2 * [
        [language, "rtl" if language == "ar" else "ltr"]
    ]
    fits = "all => all.every(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)"
    assert placeholders.evaluate_all(fits)
