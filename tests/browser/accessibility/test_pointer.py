"""What pointers and single keys do, and do not."""

import string

import pytest
from playwright.sync_api import expect


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


#: Places at which a press meets something of ours and nothing that can be seen.
SWALLOWED = """() => {
    const host = document.querySelector('consent-server');
    const found = [];
    for (let y = 2; y < innerHeight; y += 6) {
        for (let x = 2; x < innerWidth; x += 6) {
            if (document.elementFromPoint(x, y) === host) {
                const hit = host.shadowRoot.elementFromPoint(x, y);
                const isSeen = hit?.textContent.trim() && getComputedStyle(hit).opacity !== '0';
                isSeen || found.push(`${hit?.localName} at ${x}, ${y}`);
            }
        }
    }
    return found;
}"""


def test_nothing_that_cannot_be_seen_takes_a_press_from_the_page(visitor, everywhere):
    """The region for announcements is always there, mostly empty."""
    visitor.page.clock.install()
    visitor.see(everywhere)
    asked = visitor.page.evaluate(SWALLOWED)
    visitor.reject_all()
    # The announcement has passed, and the second part is still waited for.
    visitor.page.clock.run_for(7_000)
    expect(visitor.status).to_be_empty()

    assert (asked, visitor.page.evaluate(SWALLOWED)) == ([], [])
