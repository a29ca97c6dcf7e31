"""Cookies that no script can delete end with the consent they were set under (R042)."""

import fnmatch

import pytest

from tests.browser.service import TRACKER
from tests.browser.web import SHOP

HIDDEN = {"kind": "cookie", "lifetime": "P1M", "http_only": True}
SERVICE = {
    **TRACKER,
    "stores": [{**HIDDEN, "name": "tracker_session"}, {**HIDDEN, "name": "tracker_part_*"}],
}
#: As a vendor's part of the site's own back end sets them.
NAMES = ("tracker_session", "tracker_part_1")


def _set_cookies(site, device, host=SHOP):
    """Put the vendor's cookies on the device, for the one host and for the whole domain."""
    origin = site.front.origin(host) if hasattr(site, "front") else site.web.origin(host)
    hidden = {"httpOnly": True, "secure": True}
    device.context.add_cookies(
        [
            *({"name": name, "value": "1", "url": origin, **hidden} for name in NAMES),
            {"name": "tracker_session", "value": "2", "domain": ".shop.localhost", "path": "/"}
            | hidden,
            {"name": "basket", "value": "1", "url": origin, **hidden},
        ]
    )


def _names(device):
    return sorted(cookie["name"] for cookie in device.context.cookies())


@pytest.mark.parametrize("is_withdrawal", [True, False], ids=["withdraw", "refuse"])
def test_the_answer_on_the_sites_own_host_ends_them(a_shop, new_visitor, is_withdrawal):
    shop = a_shop(services=[SERVICE])
    visitor, device = new_visitor()
    visitor.open(shop.page())
    if is_withdrawal:
        visitor.accept_all()
    _set_cookies(shop, device)

    with visitor.page.expect_response("**/consents"):
        visitor.withdraw() if is_withdrawal else visitor.reject_all()
    device.settle()

    # A pattern is left to the site's back end: the service does not read what the browser holds.
    left = set(_names(device)) - {"consent_state", "consent_token"}
    assert left == {"basket", "tracker_part_1"}


def test_a_grant_leaves_them(a_shop, new_visitor):
    shop = a_shop(services=[SERVICE])
    visitor, device = new_visitor()
    visitor.open(shop.page())
    _set_cookies(shop, device)

    visitor.accept_all()
    device.settle()

    assert _names(device).count("tracker_session") == 2


def test_the_sites_back_end_ends_what_the_check_names(a_site, new_visitor, web):
    """The script is on another host: the check tells the site's own server, which has the names."""
    site = a_site(services=[SERVICE])
    visitor, device = new_visitor()
    visitor.open(site.page())
    visitor.accept_all()
    _set_cookies(site, device)
    token = visitor.token()
    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()

    named = site.check(token, "analytics")["expire_cookies"]
    held = {cookie["name"] for cookie in device.context.cookies()}
    ended = [name for name in held if any(fnmatch.fnmatch(name, pattern) for pattern in named)]
    visitor.open(site.page(path="/next"))
    for name in ended:
        for domain in ("", "; Domain=shop.localhost"):
            end = f"{name}=; Max-Age=0; Path=/; Secure; HttpOnly{domain}"
            visitor.page.goto(web.put(SHOP, "/end", "", Set_Cookie=end))

    assert named == ["tracker_part_*", "tracker_session"]
    assert set(_names(device)) - {"consent_state", "consent_token"} == {"basket"}
