"""The receipt in a visitor's browser: fetched by the page, shown as a page, printed."""

import json

import pytest
from playwright.sync_api import expect


def recorded(site) -> str:
    return site.records()[-1]["record_id"]


def test_the_pages_own_code_gets_the_receipt_of_what_holds(site, visitor):
    visitor.open(site.page())
    visitor.accept_all()

    receipt = visitor.page.evaluate("ConsentServer.getReceipt()")

    assert receipt["@type"] == "dpv:ConsentReceipt"
    assert receipt["dct:identifier"] == f"{recorded(site)}-r"


def test_one_who_never_granted_has_none_by_the_consent_id(site, visitor):
    visitor.open(site.page())
    visitor.reject_all()
    visitor.wait_until_delivered()

    assert visitor.page.evaluate("ConsentServer.getReceipt()") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_receipt_of_a_refusal_is_a_page_that_can_be_read(
    site, visitor, new_visitor, width, scheme
):
    visitor.open(site.page())
    visitor.reject_all()
    visitor.wait_until_delivered()
    address = f"{site.service.origin}/v1/sites/{site.id}/me/receipt?format=html"

    reader = new_visitor(viewport={"width": width, "height": 800}, color_scheme=scheme).page
    requests = []
    reader.on("request", lambda request: requests.append(request.url))
    reader.goto(f"{address}&record={recorded(site)}")

    expect(reader.get_by_role("heading", level=1)).to_have_text(visitor.texts["title"])
    answers = reader.locator(".answers .answer.no")
    assert set(answers.all_inner_texts()) == {"No"}
    how = visitor.texts["withdraw_how"].format_map(visitor.texts)
    expect(reader.get_by_text(how)).to_be_visible()
    assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Its style came through its own policy.
    assert reader.evaluate("getComputedStyle(document.body).margin") == "0px"
    assert len(requests) == 1


def test_a_page_that_its_policy_does_not_allow_has_no_style(site, visitor, new_visitor, web):
    visitor.open(site.page())
    visitor.reject_all()
    visitor.wait_until_delivered()
    with site.service.app.test_client() as client:
        path = f"/v1/sites/{site.id}/me/receipt?format=html&record={recorded(site)}"
        page = client.get(path).text
    bare = page.replace('<style nonce="', '<style nonce="x')

    reader = new_visitor()
    reader.page.goto(web.put("www.shop.localhost", "/bare", bare))

    assert reader.page.evaluate("getComputedStyle(document.body).margin") == "8px"
    assert reader.errors
    reader.errors.clear()


def test_the_page_carries_the_signed_receipt_along(site, visitor, new_visitor):
    visitor.open(site.page())
    visitor.accept_all()
    consent_id = visitor.state()["id"]

    page = visitor.page.evaluate(
        """([address, id]) =>
            fetch(address, {headers: {'Consent-Id': id}}).then((got) => got.text())""",
        [f"{site.service.origin}/v1/sites/{site.id}/me/receipt?format=html", consent_id],
    )

    _, _, rest = page.partition('<script type="application/jwt" id="consent-receipt">')
    parts = rest.partition("</script>")[0].split(".")
    assert len(parts) == 3
    assert json.loads(visitor.page.evaluate("text => atob(text)", parts[0]))["typ"] == (
        "consent-receipt+jwt"
    )
