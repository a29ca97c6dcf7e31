"""The widget needs nothing that weakens a page's Content-Security-Policy."""

from playwright.sync_api import expect

from tests.browser.service import gated
from tests.browser.web import VENDOR

LISTEN = """
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
        violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""


def _strict(site, web):
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'nonce-abc' {site.service.origin} {web.origin(VENDOR)}",
            f"connect-src {site.service.origin}",
            f"frame-src {web.origin(VENDOR)}",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types consent-server",
        ]
    )


def test_a_strict_policy_sees_no_violation_from_question_to_withdrawal(visitor, site, web):
    inline = (
        '<script type="text/plain" data-category="functional" nonce="abc">'
        "(window.ran ||= []).push('inline')</script>"
    )
    frame = f'<iframe data-category="marketing" data-src="{web.origin(VENDOR)}/v"></iframe>'
    body = gated("analytics", "/a.js", web) + inline + frame
    visitor.page.add_init_script(LISTEN)
    address = site.page(body, Content_Security_Policy=_strict(site, web))

    visitor.open(address)
    visitor.choose()
    visitor.preferences.get_by_text("1 service").click()
    visitor.page.keyboard.press("Escape")
    visitor.accept_all()
    visitor.wait_until_ran(2)
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    assert visitor.ran() == ["a", "inline"]
    assert visitor.page.evaluate("violations") == []


def test_the_nonce_of_our_own_tag_lets_both_parts_through_without_our_host(visitor, site, web):
    strict = _strict(site, web)
    policy = strict.replace(
        f"'nonce-abc' {site.service.origin} {web.origin(VENDOR)}", "'nonce-abc'"
    )
    tag = site.tag.replace("<script ", '<script nonce="abc" ')
    body = gated("analytics", "/a.js", web, attributes='nonce="abc"')
    visitor.page.add_init_script(LISTEN)
    visitor.open(site.page(body, head=tag, Content_Security_Policy=policy))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert policy != strict
    assert visitor.page.evaluate("violations") == []


def test_where_our_trusted_types_policy_is_not_allowed_nothing_is_granted(visitor, site, web):
    policy = _strict(site, web).replace("trusted-types consent-server", "trusted-types other")
    visitor.open(site.page(gated("analytics", "/a.js", web), Content_Security_Policy=policy))

    visitor.answer("accept").click()

    visitor.expect_said("offline_retry")
    assert visitor.granted() == set()
    assert visitor.ran() == []
    assert all("Trusted" in error for error in visitor.errors)
    visitor.errors.clear()


def test_a_gated_script_that_the_policy_forbids_stays_out(visitor, site, web):
    forbidden = (
        '<script type="text/plain" data-category="analytics">'
        "(window.ran ||= []).push('injected')</script>"
    )
    body = forbidden + gated("analytics", "/a.js", web)
    visitor.open(site.page(body, Content_Security_Policy=_strict(site, web)))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert visitor.ran() == ["a"]
    assert len(visitor.errors) == 1
    assert "Content Security Policy" in visitor.errors.pop()


def test_with_a_nonce_on_our_tag_only_marked_scripts_that_carry_it_run(visitor, site, web):
    tag = site.tag.replace("<script ", '<script nonce="abc" ')
    injected = (
        '<script type="text/plain" data-category="analytics">'
        "(window.ran ||= []).push('injected')</script>"
    )
    body = injected + gated("analytics", "/a.js", web, attributes='nonce="abc"')
    visitor.open(site.page(body, head=tag))

    visitor.accept_all()

    visitor.wait_until_ran()
    assert visitor.ran() == ["a"]
    expect(visitor.way_back).to_be_visible()
