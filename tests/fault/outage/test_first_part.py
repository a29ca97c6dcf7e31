"""F-40: the script does not come, or is not what it should be, and the page goes on."""

import pytest
from playwright.sync_api import TimeoutError as StillCovered

from tests.fault.outage.answers import MODES, PORTAL, SILENT
from tests.fault.outage.naive import NAIVE
from tests.fault.outage.shop import waiting

FORMS = ["async", "defer", "blocking", "pinned", "preloaded", "preloaded by a script"]
STAGES = ["parsing", "DOMContentLoaded", "load"]


def _break(outage, mode, form):
    """Break what the tag of this form asks for; return the origin that stands in the tag."""
    if mode == "bad TLS":
        return outage.secure_origin
    if mode in ("garbage", "future"):
        outage.breaks(mode, "/v1/" if form == "pinned" else "/s/")
    else:
        outage.breaks(mode)
    return outage.origin


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in SILENT])
@pytest.mark.parametrize("form", FORMS)
def test_a_broken_service_leaves_the_page_alone(form, mode, visitor, shop, outage, web):
    origin = _break(outage, mode, form)

    visitor.start(shop.page_with(shop.tag_in(form, origin)))

    visitor.wait_for_stage("load")
    visitor.settle()
    visitor.expect_unharmed(web)
    assert shop.records() == []


# A page whose parser is blocked answers no question of a test either: test_blocking.py has it.
@pytest.mark.parametrize("mode", SILENT)
@pytest.mark.parametrize("form", [form for form in FORMS if form != "blocking"])
def test_a_silent_service_holds_up_what_the_documentation_says(
    form, mode, visitor, shop, outage, web
):
    expected = dict(zip(STAGES, waiting()[form], strict=True))
    outage.breaks(mode)

    visitor.start(shop.page_with(shop.tag_in(form)))
    outage.wait_until_held()
    for stage in STAGES[1:]:
        if expected[stage] == "goes on":
            visitor.wait_for_stage(stage)
    visitor.settle()

    went_on = {"load", "DOMContentLoaded"} & set(visitor.stages())
    if visitor.page.get_by_role("button").count():
        went_on.add("parsing")
        visitor.expect_unharmed(web)
    assert {stage: "goes on" if stage in went_on else "waits" for stage in STAGES} == expected
    assert outage.held == 1
    if mode == "slow":
        outage.answers_late()
        visitor.wait_until_ready()
        visitor.expect_asked()
    else:
        outage.hang_up()
    visitor.wait_for_stage("load")
    visitor.expect_unharmed(web)


def test_the_documentation_names_every_form():
    assert list(waiting()) == ["async", "pinned", "defer", "blocking", *FORMS[4:]]


# The last form is for pages whose held-back tags carry a nonce: the next test.
@pytest.mark.parametrize("form", ["async", *FORMS[3:-1]])
def test_every_recommended_form_asks_once_where_the_service_is_well(form, visitor, shop, outage):
    visitor.open(shop.page_with(shop.tag_in(form)))

    visitor.accept_all()
    visitor.wait_until_ran()

    asked = f"/widget/{shop.published()['build']}.js" if form == "pinned" else "/s/"
    assert outage.asked_for(asked) == 1
    assert [record["event"] for record in shop.records()] == ["given"]


def test_the_form_with_a_nonce_works_under_a_policy(visitor, shop, outage):
    policy = f"script-src 'nonce-abc'; connect-src {outage.origin}"
    page = shop.page(
        "<h2>Strict</h2>",
        head=shop.tag_in("preloaded by a script"),
        Content_Security_Policy=policy,
    )
    visitor.start(page)

    visitor.expect_asked()
    visitor.accept_all()

    assert [record["event"] for record in shop.records()] == ["given"]


SPOILT = {
    "HTML that says it is a script": lambda asked, true: true._replace(body=PORTAL),
    "a script cut short before it was sent": lambda asked, true: true._replace(
        body=true.body[: len(true.body) // 2]
    ),
}


@pytest.mark.parametrize("what", SPOILT)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_script_is_reported_by_the_browser_unless_it_is_pinned(
    form, what, visitor, shop, outage, web
):
    """A file that arrives whole, says it is a script and is none: no code of ours ever ran."""
    outage.breaks(what, spoil=SPOILT[what])

    visitor.start(shop.page_with(shop.tag_in(form)))
    visitor.wait_for_stage("load")
    visitor.settle()
    if form != "pinned":
        visitor.wait_for_errors(1)

    reported, visitor.errors[:] = list(visitor.errors), []
    # Some browsers block it before they read it.
    assert len(reported) <= (0 if form == "pinned" else 1)
    assert all("SyntaxError" in error for error in reported), reported
    visitor.expect_unharmed(web)


@pytest.mark.parametrize("page", NAIVE)
@pytest.mark.parametrize("mode", ["refused", "404", "empty"])
def test_a_naive_page_does_not_pass(mode, page, victim, shop, outage, web):
    """Control: what is expected of our pages fails on pages that are built as many are."""
    outage.breaks(mode)
    victim.start(shop.page_with(shop.tag_in("async") + NAIVE[page](web)))
    victim.wait_for_stage("load")
    victim.settle()

    # What covers the page keeps the click from its button.
    with pytest.raises((AssertionError, StillCovered)):
        victim.expect_unharmed(web)


def test_a_page_that_is_held_up_does_not_pass_for_one_that_is_not(victim, shop, outage):
    """Control: the forms are told apart by what the browser does, not by what is written."""
    outage.breaks("black hole")
    victim.start(shop.page_with(shop.tag_in("async")))
    outage.wait_until_held()
    victim.wait_for_stage("DOMContentLoaded")
    victim.settle()

    assert victim.stages() == ["DOMContentLoaded"]
    outage.hang_up()
    victim.wait_for_stage("load")
