"""What stands where a frame is held back says what it waits for, and blames nobody."""

from playwright.sync_api import expect

from tests.browser.service import TRACKER
from tests.browser.web import VENDOR

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

    visitor.page.locator("consent-placeholder").get_by_role("button").click()
    visitor.preferences.get_by_text("2 services in detail").click()
    visitor.switch("Two").check()
    visitor.save()
    expect(visitor.page.locator("iframe")).to_have_attribute("src", f"{web.origin(VENDOR)}/v")
