"""R024, R036, R124: everything by keyboard; the focus goes where it is expected, and comes back."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL

MANY = 60


def _walk(visitor, presses, key="Tab"):
    stops = []
    for _ in range(presses):
        visitor.page.keyboard.press(key)
        stops.append(visitor.focus())
    return stops


@pytest.mark.criterion("2.1.1", "2.1.2", "2.4.1", "2.4.3")
def test_the_banner_comes_first_in_reading_order_and_is_no_trap(visitor, each_layout):
    visitor.see(each_layout)
    own = [visitor.texts[slot] for slot in ("reject", "accept", "choose")]

    stops = _walk(visitor, 8)
    back = _walk(visitor, 8, "Shift+Tab")

    inside = [name for name, part in stops if part == "banner"]
    after = stops[len(inside) :]
    assert inside[:3] == own
    assert after[:3] == [("One", "page"), ("Two", "page"), ("Privacy of this page", "page")]
    assert ("Two", "page") in back
    assert (own[0], "banner") in back


@pytest.mark.criterion("3.2.1", "3.3.4")
@pytest.mark.parametrize("key", ["Enter", " ", "Escape"])
def test_a_key_pressed_as_the_banner_appears_decides_nothing(key, visitor, everywhere):
    visitor.see(everywhere)

    visitor.page.keyboard.press(key)
    visitor.page.evaluate("() => ConsentServer.show()")
    visitor.page.keyboard.press(key)

    assert visitor.focus() == (visitor.texts["title"], "banner")
    visitor.expect_asked()
    assert (visitor.cookies(), visitor.granted()) == ({}, set())


@pytest.mark.criterion("2.1.1", "2.4.3", "3.2.1", "3.2.2")
def test_the_second_layer_opens_on_its_heading_where_keys_decide_nothing(visitor, everywhere):
    visitor.see(everywhere)
    visitor.button(visitor.banner, "choose").focus()

    visitor.page.keyboard.press("Enter")
    opened_at = visitor.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press(" ")

    assert opened_at == (visitor.texts["preferences_title"], "dialog")
    expect(visitor.preferences).to_be_visible()
    assert visitor.cookies() == {}


OPENERS = {
    "choose": lambda visitor: visitor.button(visitor.banner, "choose"),
    "the list of services": lambda visitor: visitor.banner.get_by_role("button").last,
    "the page's own control": lambda visitor: visitor.page.get_by_text("Privacy of this page"),
    "the placeholder": lambda visitor: visitor.button(
        visitor.page.locator("consent-placeholder"), "placeholder_allow"
    ),
}


@pytest.mark.one_row_in(2)
@pytest.mark.criterion("2.1.2", "2.4.3")
@pytest.mark.parametrize("closing", ["Escape", "close"])
@pytest.mark.parametrize("opener", OPENERS)
def test_closing_the_second_layer_gives_the_focus_back_to_what_opened_it(
    opener, closing, visitor, everywhere
):
    visitor.see(everywhere)
    button = OPENERS[opener](visitor)
    button.focus()
    before = visitor.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.preferences).to_be_visible()

    if closing == "close":
        visitor.button(visitor.preferences, "close").focus()
    visitor.page.keyboard.press("Escape" if closing == "Escape" else "Enter")

    expect(visitor.preferences).to_have_count(0)
    assert visitor.focus() == before
    visitor.expect_asked()
    assert visitor.cookies() == {}


@pytest.mark.criterion("2.4.3", "3.2.6")
def test_the_way_back_is_reached_by_tab_and_gets_the_focus_back(visitor, everywhere):
    visitor.see(everywhere)
    visitor.reject_all()
    visitor.reload()
    stops = [name for name, _ in _walk(visitor, 8)]
    visitor.way_back.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.preferences).to_be_visible()

    visitor.page.keyboard.press("Escape")

    assert visitor.texts["reopen"] in stops
    assert visitor.focus() == (visitor.texts["reopen"], "rest")


@pytest.mark.criterion("2.1.1", "2.1.2", "2.4.3")
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_second_layer_keeps_the_focus_and_every_control_gets_it(key, visitor, everywhere):
    visitor.see(everywhere)
    visitor.choose()
    visitor.open_lists()

    stops = _walk(visitor, MANY, key)

    # Between its last control and its first, the browser's own window may have a turn.
    assert {part for _, part in stops} <= {"dialog", "none"}
    names = {name for name, _ in stops}
    switches = {visitor.texts[f"category.{id_}.title"] for id_ in OPTIONAL}
    buttons = {visitor.texts[slot] for slot in ("reject", "accept", "save", "close")}
    assert names >= switches | buttons | {"Tracker", "Counter"}


@pytest.mark.criterion("2.1.1")
def test_a_purpose_and_a_service_are_chosen_by_keys_alone(visitor, everywhere):
    visitor.see(everywhere)
    visitor.button(visitor.banner, "choose").focus()
    visitor.page.keyboard.press(" ")

    for name, key in {
        visitor.texts["category.functional.title"]: " ",
        visitor.texts["services.other"].format(count=2): "Enter",
        "Counter": " ",
        visitor.texts["save"]: "Enter",
    }.items():
        assert name in (reached := _tab_to(visitor, name)), reached
        visitor.page.keyboard.press(key)
    visitor.expect_said("saved_status")

    assert visitor.granted() == {"functional", "analytics"}
    assert visitor.page.evaluate("() => ConsentServer.has('analytics', 'tracker')") is False


def _tab_to(visitor, name):
    """Press Tab until this has the focus; return every name on the way."""
    names = []
    while name not in names and len(names) < MANY:
        visitor.page.keyboard.press("Tab")
        names.append(visitor.focus()[0])
    return names


@pytest.mark.criterion("2.4.3")
@pytest.mark.parametrize("slot", ["reject", "accept"])
def test_after_an_answer_the_focus_is_not_lost(slot, visitor, everywhere):
    visitor.see(everywhere)
    visitor.answer(slot).focus()

    visitor.page.keyboard.press("Enter")
    visitor.expect_said("saved_status" if slot == "accept" else "rejected_status")

    assert visitor.focus() == (visitor.texts["reopen"], "rest")


@pytest.mark.one_row_in(2)
@pytest.mark.criterion("2.4.7", "1.4.11")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_in_focus_has_a_mark_that_can_be_seen(scheme, visitor, each_layout):
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.see(each_layout)
    seen = _marks(visitor, 4)
    visitor.choose()
    visitor.open_lists()
    seen |= _marks(visitor, MANY)

    assert {name: mark for name, mark in seen.items() if not _is_seen(mark)} == {}
    assert len(seen) >= 10


def _marks(visitor, presses):
    marks = {}
    for _ in range(presses):
        visitor.page.keyboard.press("Tab")
        name, part = visitor.focus()
        if part in ("banner", "dialog"):
            marks[name] = visitor.measure("focusMark")
    return marks


def _is_seen(mark):
    return mark["style"] != "none" and mark["width"] >= 2 and mark["contrast"] >= 3
