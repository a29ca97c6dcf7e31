"""F-47: three strict policies report nothing, and the banner is styled and works."""

import base64
import hashlib

import pytest

from tests.browser.hostile.surroundings.policy import REPORTS, WATCH, expect_no_violation
from tests.browser.service import OPTIONAL, gated
from tests.browser.web import SHOP, VENDOR

INLINE = "(window.ran ||= []).push('inline')"
NONCE = 'nonce="abc"'


def _hash(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


POLICIES = {
    "nonce": (
        "default-src 'none'; base-uri 'none'; connect-src {service}; "
        "script-src 'nonce-abc' 'strict-dynamic'; require-trusted-types-for 'script'; "
        "trusted-types consent-server"
    ),
    "hashes and hosts": (
        "default-src 'none'; base-uri 'none'; connect-src {service}; "
        f"script-src 'sha256-{_hash(INLINE)}' {{service}} {{vendor}}"
    ),
    "the documented minimum, sandboxed": (
        "default-src 'none'; connect-src {service}; script-src {service} {vendor} 'unsafe-inline'; "
        "sandbox allow-scripts allow-same-origin"
    ),
}


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_is_violated_and_the_banner_is_styled_and_works(name, visitor, site, web):
    sources = {"service": site.service.origin, "vendor": web.origin(VENDOR)}
    policy = POLICIES[name].format(**sources) + f"; report-uri {REPORTS}"
    nonce = NONCE if name == "nonce" else ""
    inline = f'<script type="text/plain" data-category="functional" {nonce}>{INLINE}</script>'
    body = gated("analytics", "/a.js", web, attributes=nonce) + inline
    tag = site.tag.replace("<script ", f"<script {nonce} ")
    visitor.page.add_init_script(WATCH)
    visitor.open(site.page(body, head=tag, Content_Security_Policy=policy))
    look = visitor.answer("accept").evaluate("node => getComputedStyle(node).backgroundColor")
    where = visitor.banner.evaluate("node => getComputedStyle(node).position")

    visitor.choose()
    visitor.page.keyboard.press("Escape")
    visitor.accept_all()
    visitor.wait_until_ran(2)

    assert (where, look == "rgba(0, 0, 0, 0)") == ("fixed", False)
    assert visitor.granted() == set(OPTIONAL)
    assert sorted(visitor.ran()) == ["a", "inline"]
    expect_no_violation(visitor.page, web)


def test_a_violation_would_be_noticed(new_visitor, web):
    visitor = new_visitor()
    visitor.page.add_init_script(WATCH)
    policy = f"default-src 'none'; report-uri {REPORTS}"
    naive = "<p>x</p><style>p { color: red }</style>"

    with visitor.page.expect_request(f"**{REPORTS}"):
        visitor.page.goto(web.put(SHOP, "/naive", naive, Content_Security_Policy=policy))

    with pytest.raises(AssertionError):
        expect_no_violation(visitor.page, web)
    assert len(visitor.errors) == 1
    visitor.errors.clear()
