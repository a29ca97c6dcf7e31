"""R123: what a screen reader is told, as a tree of roles, names and states, committed and compared.

``ACCEPT_TREES=1`` in the environment writes the trees anew; read the difference before committing.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL

TREES = Path(__file__).with_name("trees")
#: Two that people here read, and the one from right to left.
SAMPLES = ["en", "fr", "ar"]


@pytest.mark.criterion("1.1.1", "1.3.1", "2.4.6", "3.3.2", "4.1.2")
@pytest.mark.parametrize("layer", ["banner", "preferences"])
@pytest.mark.parametrize("language", SAMPLES)
def test_a_screen_reader_is_told_the_same_tree_as_ever(language, layer, visitor, everywhere):
    visitor.see(everywhere, language)
    if layer == "preferences":
        visitor.choose()
        visitor.open_lists()

    told = getattr(visitor, layer).aria_snapshot() + "\n"

    committed = TREES / f"{layer}.{language}.yaml"
    if "ACCEPT_TREES" in os.environ:
        committed.write_text(told, encoding="utf-8")
    assert told == committed.read_text(encoding="utf-8"), f"see {Path(__file__).name}"


@pytest.mark.criterion("1.3.1", "2.4.6", "4.1.2")
def test_region_dialog_switches_and_status_have_roles_names_and_states(visitor, everywhere):
    visitor.see(everywhere)
    banner = visitor.banner
    expect(banner).to_have_accessible_name(visitor.texts["title"])
    expect(banner.get_by_role("heading", name=visitor.texts["title"])).to_be_visible()
    visitor.choose()

    dialog = visitor.preferences
    expect(dialog).to_have_accessible_name(visitor.texts["preferences_title"])
    for id_ in OPTIONAL:
        title = visitor.texts[f"category.{id_}.title"]
        expect(dialog.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(visitor.switch(title)).not_to_be_checked()
        visitor.switch(title).check()
        expect(visitor.switch(title)).to_be_checked()
    assert dialog.evaluate("node => node.matches(':modal')")


@pytest.mark.criterion("1.3.1", "2.5.3", "4.1.2")
def test_a_placeholder_says_what_it_stands_for_and_offers_a_button(visitor, everywhere):
    visitor.see(everywhere)
    placeholder = visitor.page.locator("consent-placeholder")

    expect(placeholder).to_contain_text(visitor.texts["placeholder_text"].format(service="Films"))
    expect(visitor.button(placeholder, "placeholder_allow")).to_be_visible()
    expect(visitor.page.locator("iframe")).to_have_count(0)


@pytest.mark.criterion("3.2.3", "3.2.4", "3.2.6")
def test_the_way_back_has_one_name_and_one_place_on_every_page(visitor, everywhere):
    visitor.see(everywhere)
    visitor.reject_all()
    places = []

    for number in range(5):
        body = "<p>Some text</p>" * (1 + 40 * number)
        visitor.open(everywhere.page(body, path=f"/page-{number}"))
        expect(visitor.way_back).to_be_in_viewport(ratio=1)
        visitor.page.keyboard.press("Tab")
        places.append((visitor.way_back.bounding_box(), visitor.focus()[0]))

    assert places == [places[0]] * 5
    assert places[0][1] == visitor.texts["reopen"]
