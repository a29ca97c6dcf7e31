"""Texts travel under short names: one each, the same for the widget, its build and the server."""

import re

from consent_server.embed.shipped import artifacts
from consent_server.embed.slots import LATER, short_name

#: The same table is in widget/test/slot.test.ts.
KNOWN = {"title": "xb", "reject": "p8", "saved_status": "j7"}


def test_every_text_has_a_short_name_of_its_own():
    slots = [*artifacts().texts["en"], "services"]

    assert len({short_name(slot) for slot in slots}) == len(slots)


def test_the_names_are_those_that_the_widget_asks_for():
    assert {slot: short_name(slot) for slot in KNOWN} == KNOWN
    assert short_name("category.analytics.title") == "category.analytics.title"


def test_the_built_widget_asks_by_short_names_alone():
    first, second = artifacts().widget.first.decode(), artifacts().widget.second.decode()

    assert f'"{short_name("preferences_title")}"' in first
    assert f'"{short_name("saved_status")}"' in second
    assert "preferences_title" not in first
    assert "saved_status" not in second


def test_only_the_second_part_says_what_is_fetched_later():
    widget = artifacts().widget
    first, later = widget.first.decode(), widget.second.decode()

    for slot in LATER:
        assert slot in artifacts().texts["en"]
        # Of some the name is put together there; others are names of members.
        said = r"event\.\$" if slot.startswith("event.") else rf'["{{,]{short_name(slot)}[":]'
        assert re.search(said, later), slot
        assert not re.search(said, first), slot
