"""Texts travel under short names: one each, the same for the widget, its build and the server."""

from consent_server.embed.shipped import artifacts
from consent_server.embed.slots import short_name

#: The same table is in widget/test/slot.test.ts.
KNOWN = {"title": "xb", "reject": "p8", "saved_status": "j7"}


def test_every_text_has_a_short_name_of_its_own():
    slots = artifacts().texts["en"]

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
