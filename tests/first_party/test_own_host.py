"""What a real browser is given through a real nginx: the widget's cookies, to the byte."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import request, request_started

from tests.browser.service import TRACKER
from tests.browser.web import SHOP
from tests.first_party.front import PATH

OTHER = {**TRACKER, "id": "other", "name": "Other", "stores": []}
BOTH = [
    {"id": "necessary", "required": True, "reason": "consent_choice"},
    {"id": "analytics"},
    {"id": "marketing"},
]
HEARD = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
SEND_AGAIN = """
    async ([url, body]) => {
        const headers = {'Content-Type': 'text/plain;charset=UTF-8'};
        const asked = {method: 'POST', body, headers, credentials: 'same-origin'};
        return (await fetch(url, asked)).status;
    }
"""


def _same(cookies, others):
    """Compare two jars: values, ends and every attribute."""
    # The browser reads an answer's end by the second of its Date header.
    for jar in (cookies, others):
        for cookie in jar.values():
            cookie["expires"] = pytest.approx(cookie["expires"], abs=2)
    return cookies == others


@pytest.fixture
def decided(new_visitor):
    """Let a visitor decide, and send the same decision again as the browser keeps its cookies."""

    def decided(shop, decide, *, before=None):
        visitor, device = new_visitor()
        visitor.open(shop.page())
        if before is not None:
            before(visitor)
        with visitor.page.expect_request("**/consents") as sent:
            decide(visitor)
        device.settle()
        written = device.cookies()
        again = [sent.value.url, sent.value.post_data]
        assert visitor.page.evaluate(SEND_AGAIN, again) == 200
        lines = [cookie for cookie in device.given() if not cookie.by_script]
        return written, device.cookies(), lines[-len(written) :]

    return decided


def _refuse(visitor):
    visitor.reject_all()


def _accept(visitor):
    visitor.accept_all()


def _split(visitor):
    visitor.page.evaluate("ConsentServer.save({services: {tracker: true, other: false}})")


def _withdraw(visitor):
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")


CHOICES = {
    "refuse": (_refuse, None),
    "accept": (_accept, None),
    "accept in part": (_split, None),
    "withdraw": (_withdraw, _accept),
    "withdraw a part": (_split, _accept),
}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("choice", CHOICES)
def test_the_answer_repeats_what_the_widget_wrote(a_shop, decided, choice):
    shop = a_shop(services=[TRACKER, OTHER])
    decide, before = CHOICES[choice]

    written, kept, lines = decided(shop, decide, before=before)

    assert {cookie.name for cookie in lines} == set(written) != set()
    assert _same(written, kept)


def test_a_signal_that_only_the_request_carries_is_not_kept(a_shop, new_visitor):
    """The widget never heard of it: kept there, it would outweigh the one that the page hears."""
    shop = a_shop()
    visitor, device = new_visitor()
    device.context.set_extra_http_headers({"Sec-GPC": "1"})
    visitor.open(shop.page())
    visitor.accept_all()
    device.settle()

    assert [record["gpc"] for record in shop.records()] == [True]
    assert "gpc" not in visitor.state()


@pytest.mark.parametrize("days", [-2, 2])
def test_a_device_of_another_day_keeps_that_of_the_record(shop, new_visitor, service, days):
    """Otherwise the page would take the answer's cookie for what another tab has said."""
    visitor, device = new_visitor()
    visitor.open(shop.page())
    service.set_clock(datetime.now(UTC) + timedelta(days=days))
    try:
        visitor.accept_all()
        device.settle()
    finally:
        service.set_clock(None)

    day = visitor.page.evaluate("ConsentServer.getConsent().day")
    assert [record["recorded_at"][:10] for record in shop.records()] == [day]
    assert visitor.state()["day"] == day


def test_what_an_objection_leaves_to_ask_is_asked_after_its_answer_too(a_shop, new_visitor):
    shop = a_shop(categories=BOTH)
    visitor, device = new_visitor()
    visitor.open(shop.page())
    visitor.accept_all()
    shop.publish(texts={"en": {"category.analytics.text": "Other."}, "fr": {}})
    visitor.page.add_init_script(HEARD)
    visitor.reload()
    device.settle()

    visitor.reload()

    assert [record["method"] for record in shop.records()] == ["banner", "gpc"]
    assert visitor.state()["categories"] == {"marketing": False}
    visitor.expect_asked()


def test_of_more_services_than_a_cookie_holds_the_answer_repeats_what_is_kept(a_shop, decided):
    many = [{**OTHER, "id": f"vendor-of-advertising-{at:03}", "stores": []} for at in range(150)]
    shop = a_shop(services=[TRACKER, *many])
    wish = {"services": {one["id"]: at > 0 for at, one in enumerate(many)}}

    written, kept, _ = decided(
        shop,
        lambda visitor: visitor.page.evaluate("wish => ConsentServer.save(wish)", wish),
        before=_accept,
    )

    assert "consent_state" in written
    assert _same(written, kept)


def test_what_is_kept_after_a_change_of_the_texts_is_told_alike(a_shop, new_visitor):
    shop = a_shop()
    visitor, device = new_visitor()
    visitor.open(shop.page())
    visitor.accept_all()
    shop.publish(texts={"en": {"category.marketing.text": "Other."}, "fr": {}})
    visitor.reload()
    with visitor.page.expect_request("**/consents") as sent:
        visitor.page.evaluate("ConsentServer.save({marketing: true})")
    device.settle()
    written = device.cookies()

    visitor.page.evaluate(SEND_AGAIN, [sent.value.url, sent.value.post_data])

    assert '"revisions"' in json.dumps(visitor.state())
    assert _same(written, device.cookies())


def test_two_visitors_who_refuse_hold_identical_bytes(shop, decided):
    one = decided(shop, _refuse)[1]
    other = decided(shop, _refuse)[1]

    assert list(one) == ["consent_state"]
    assert _same(one, other)


def test_the_service_is_told_nothing_of_the_site_and_the_log_nothing_of_the_choice(
    shop, new_visitor, front, service
):
    visitor, device = new_visitor()
    device.context.add_cookies(
        [{"name": "basket", "value": "secret", "url": front.origin(SHOP), "secure": True}]
    )

    seen: list[dict[str, str]] = []
    note = lambda _: seen.append(dict(request.headers))  # noqa: E731
    device.context.set_extra_http_headers({"X-Forwarded-For": "203.0.113.7"})
    with request_started.connected_to(note, service.app):
        visitor.open(shop.page())
        visitor.reject_all()
        device.settle()

    assert len(seen) >= 2
    assert not any({"Cookie", "Authorization"} & headers.keys() for headers in seen)
    assert {headers["X-Forwarded-For"] for headers in seen} == {"127.0.0.1"}
    assert PATH not in front.log()


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/openapi.json", "/v1/check", "/healthz", "/v1/sites/demo/export", "/admin/"],
)
def test_nothing_else_of_the_service_is_under_the_sites_host(front, path):
    status, _, body = front.get(PATH + path)

    assert status == 404
    assert "nginx" in body


def test_no_answer_binds_the_whole_site_to_https(shop, front):
    status, headers, _ = front.get(f"{PATH}/s/{shop.id}.js", **{"X-Forwarded-Proto": "https"})

    assert status == 200
    assert "strict-transport-security" not in headers
