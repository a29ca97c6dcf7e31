"""R126, R128: what the reader's system asks for: no motion, own colours, a dark ground."""

import pytest
from playwright.sync_api import expect


@pytest.mark.criterion("2.2.2", "2.3.1", "2.3.3")
def test_nothing_moves_for_who_wants_no_motion(visitor, each_layout):
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.see(each_layout)
    moving = visitor.measure("moving")
    visitor.choose()
    moving += visitor.measure("moving")
    visitor.button(visitor.preferences, "reject").click()
    visitor.expect_said("rejected_status")

    assert moving + visitor.measure("moving") == []


@pytest.mark.criterion("1.4.1", "1.4.11")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_every_part_has_an_edge(scheme, visitor, each_layout):
    visitor.page.emulate_media(forced_colors="active", color_scheme=scheme)
    visitor.see(each_layout)
    flat = visitor.measure("borderless", "section[aria-labelledby], button")
    visitor.choose()
    # The cross that closes is a sign of its own, and needs none.
    parts = "dialog, button:not([aria-label]), [role=switch]"
    flat += visitor.measure("borderless", parts)
    visitor.button(visitor.preferences, "reject").click()
    expect(visitor.way_back).to_be_visible()
    flat += visitor.measure("borderless", "button")

    assert flat == []


@pytest.mark.criterion("1.4.1")
def test_with_forced_colours_a_switch_that_is_on_differs_from_one_that_is_off(visitor, everywhere):
    visitor.page.emulate_media(forced_colors="active")
    visitor.see(everywhere)
    visitor.choose()
    switch = visitor.switch(visitor.texts["category.functional.title"])
    visitor.page.mouse.move(0, 0)

    off = switch.screenshot()
    switch.evaluate("node => { node.checked = true }")
    on = switch.screenshot()

    assert off != on


@pytest.mark.criterion("1.4.1", "1.4.11")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_and_switches_stand_out_from_their_ground(scheme, visitor, each_layout):
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.see(each_layout)
    faint = visitor.measure("faint", "button")
    visitor.choose()
    for title in ("functional", "marketing"):
        expect(visitor.switch(visitor.texts[f"category.{title}.title"])).not_to_be_checked()
    faint += visitor.measure("faint", "dialog > div > button, [role=switch]")
    visitor.switch(visitor.texts["category.functional.title"]).check()

    assert faint + visitor.measure("faint", "[role=switch]") == []
