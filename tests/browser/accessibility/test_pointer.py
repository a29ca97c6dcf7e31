"""What pointers and single keys do, and do not."""

import string

import pytest


@pytest.mark.criterion("2.5.1", "2.5.2", "2.5.7")
@pytest.mark.parametrize("slot", ["accept", "reject"])
def test_a_press_that_ends_elsewhere_decides_nothing(slot, visitor, everywhere):
    visitor.see(everywhere)
    box = visitor.answer(slot).bounding_box()
    mouse = visitor.page.mouse

    mouse.move(box["x"] + 10, box["y"] + 10)
    mouse.down()
    mouse.move(box["x"] + 10, 5)
    mouse.up()

    visitor.expect_asked()
    assert (visitor.cookies(), visitor.granted()) == ({}, set())


@pytest.mark.criterion("2.1.4")
def test_no_character_key_is_a_shortcut(visitor, everywhere):
    visitor.see(everywhere)

    for character in string.ascii_lowercase + string.digits + "?/":
        visitor.page.keyboard.press(character)

    visitor.expect_asked()
    assert visitor.page.get_by_role("dialog").count() == 0
    assert visitor.cookies() == {}


@pytest.mark.criterion("1.4.13", "3.2.1")
def test_pointing_and_focusing_bring_nothing_up(visitor, each_layout):
    visitor.see(each_layout)
    before = visitor.banner.aria_snapshot()

    for button in visitor.banner.get_by_role("button").all():
        button.hover()
        button.focus()
        assert button.get_attribute("title") is None

    assert visitor.banner.aria_snapshot() == before
    assert visitor.page.get_by_role("dialog").count() == 0
