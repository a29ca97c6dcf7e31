"""R094 to R096: the visitor sees, copies and deletes the records about this browser."""

import csv
import io
import json

import pytest
from playwright.sync_api import expect

from consent_server.consents.correcting import Correction
from consent_server.rights.service import correct
from consent_server.web.clock import now
from tests.browser.service import OPTIONAL

#: What can be done with records of which one grants, in the order of the buttons.
OFFERED = ("records_table", "records_data", "withdraw", "erase")


def _open_records(visitor):
    """Open the second layer, then the records; return their dialog."""
    visitor.way_back.click()
    visitor.button(visitor.preferences, "records").click()
    dialog = visitor.page.get_by_role("dialog", name=visitor.texts["records"], exact=True)
    expect(dialog).to_be_visible()
    return dialog


def _cards(dialog):
    return dialog.locator(".card")


def test_every_record_is_shown_in_words_the_newest_first(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    visitor.way_back.click()
    visitor.switch(visitor.texts["category.marketing.title"]).uncheck()
    visitor.save()
    visitor.wait_until_delivered()

    dialog = _open_records(visitor)

    expect(_cards(dialog)).to_have_count(2)
    newest, oldest = _cards(dialog).all()
    titles = [visitor.texts[f"category.{id_}.title"] for id_ in OPTIONAL]
    expect(newest).to_contain_text(visitor.texts["event.changed"])
    expect(newest.get_by_role("definition").nth(1)).to_have_text(titles[2])
    expect(oldest).to_contain_text(visitor.texts["event.given"])
    expect(oldest.get_by_role("definition").first).to_contain_text(", ".join(titles))
    expect(oldest).to_contain_text("2027")


def test_what_the_controller_put_right_is_called_no_press_of_the_visitors(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    wrong = site.records()[0]["record_id"]
    with site.service.app.app_context():
        correct(site.id, wrong, Correction(["marketing"]), now())

    dialog = _open_records(visitor)

    expect(_cards(dialog)).to_have_count(2)
    newest, oldest = _cards(dialog).all()
    expect(newest.get_by_role("heading")).to_have_text(visitor.texts["event.corrected"])
    expect(oldest.get_by_role("heading")).to_have_text(visitor.texts["event.given"])


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_records_speak_the_visitors_language(language, visitor, a_site):
    visitor.speaks(language)
    site = a_site(languages={"default": "en", "available": ["en", "fr", "ar"]})
    visitor.open(site.page(language=language))
    visitor.accept_all()

    dialog = _open_records(visitor)

    expect(_cards(dialog).first).to_contain_text(visitor.texts["event.given"])


@pytest.mark.parametrize("width", [390, 1280])
def test_the_rows_of_buttons_are_full(width, visitor, site):
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.open(site.page())
    visitor.accept_all()
    visitor.wait_until_delivered()
    dialog = _open_records(visitor)
    expect(_cards(dialog)).to_have_count(1)  # afterwards nothing moves

    boxes = [visitor.button(dialog, slot).bounding_box() for slot in OFFERED]
    rows = [{box["y"] for box in boxes[begin : begin + 2]} for begin in (0, 2)]

    assert [len(row) for row in rows] == [1, 1]
    assert rows[0] != rows[1]


TEXT = """heading => {
    const range = document.createRange();
    range.selectNodeContents(heading);
    const {top, bottom, height} = range.getBoundingClientRect();
    const head = heading.parentElement.getBoundingClientRect();
    return {height, above: top - head.top, below: head.bottom - bottom};
}"""


def test_a_heading_of_two_lines_has_room_above_and_below(visitor, a_site):
    visitor.speaks("fr")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.open(a_site(languages={"default": "fr", "available": ["fr"]}).page(language="fr"))
    visitor.accept_all()

    text = _open_records(visitor).get_by_role("heading", level=2).evaluate(TEXT)

    assert text["height"] >= 2 * 20
    assert min(text["above"], text["below"]) >= 8


@pytest.mark.parametrize("format_", ["csv", "jsonld"])
def test_one_press_saves_a_copy(format_, visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    expect(_cards(dialog)).to_have_count(1)

    slot = "records_table" if format_ == "csv" else "records_data"
    with visitor.page.expect_download() as download:
        visitor.button(dialog, slot).click()

    assert download.value.suggested_filename == f"consent-{site.id}.{format_}"
    text = download.value.path().read_text(encoding="utf-8")
    (record,) = site.records()
    assert record["record_id"] in text
    rows = list(csv.reader(io.StringIO(text))) if format_ == "csv" else json.loads(text)
    assert rows


def test_a_withdrawal_from_there_is_one_like_any_other(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    expect(_cards(dialog)).to_have_count(1)  # until then the buttons move

    visitor.button(dialog, "withdraw").click()

    visitor.expect_said("withdrawn_status")
    visitor.wait_until_delivered()
    expect(visitor.preferences).to_have_count(0)
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]


def test_deleting_takes_a_second_step_that_can_be_left(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)

    visitor.button(dialog, "erase").click()
    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["erase_confirm"])
    expect(visitor.button(dialog, "erase_no")).to_be_focused()
    visitor.page.keyboard.press("Enter")

    expect(visitor.button(dialog, "erase")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(visitor.preferences).to_have_count(1)
    assert visitor.granted() == set(OPTIONAL)
    assert len(site.records()) == 1


def test_what_is_deleted_is_gone_and_this_browser_is_nobody(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    token = visitor.token()
    dialog = _open_records(visitor)

    visitor.button(dialog, "erase").click()
    with visitor.page.expect_response("**/consents") as recorded:
        visitor.button(dialog, "erase_yes").click()

    assert "consent_id" not in json.loads(recorded.value.request.post_data or "")
    visitor.expect_said("erased_status")
    visitor.wait_until_delivered()
    assert visitor.granted() == set()
    assert set(visitor.cookies()) == {"consent_state"}
    assert '"id"' not in visitor.cookies()["consent_state"]
    assert [(record["event"], record["subject"]) for record in site.records()] == [
        ("refused", None)
    ]
    assert site.check(token, "analytics")["granted"] is False
    visitor.reload()
    visitor.expect_not_asked()
    visitor.way_back.click()
    expect(visitor.preferences).to_be_visible()
    expect(visitor.button(visitor.preferences, "records")).to_have_count(0)


@pytest.mark.parametrize("slot", ["records_table", "erase"])
def test_a_service_that_does_not_answer_is_told(slot, visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    expect(_cards(dialog)).to_have_count(1)
    visitor.page.route("**/me*", lambda route: route.abort())

    visitor.button(dialog, slot).click()
    if slot == "erase":
        visitor.button(dialog, "erase_yes").click()

    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["records_failed"])
    assert visitor.granted() == set(OPTIONAL)


@pytest.mark.parametrize(
    ("begin_anew", "by"),
    [
        ("document.body.innerHTML = ''", "key"),
        ("document.open(), document.write('<p>'), document.close()", "button"),
    ],
    ids=["emptied", "written anew"],
)
def test_on_a_page_that_begins_anew_they_are_left_alone(begin_anew, by, visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    open_dialogs = visitor.page.locator("consent-server dialog:modal")

    visitor.page.evaluate(begin_anew)
    expect(open_dialogs).to_have_count(2)
    if by == "key":
        visitor.page.keyboard.press("Escape")
    else:
        visitor.button(dialog, "close").click()

    expect(visitor.page.locator("consent-server dialog")).to_have_count(1)
    expect(open_dialogs).to_have_accessible_name(visitor.texts["preferences_title"])
    visitor.button(visitor.preferences, "records").click()
    expect(dialog).to_be_visible()


def test_who_never_granted_has_no_records_to_look_at(visitor, site):
    visitor.open(site.page())
    visitor.reject_all()

    visitor.way_back.click()

    expect(visitor.preferences).to_be_visible()
    expect(visitor.button(visitor.preferences, "records")).to_have_count(0)


def test_a_script_of_the_page_deletes_nothing_by_pressing(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = _open_records(visitor)
    visitor.button(dialog, "erase").click()

    visitor.button(dialog, "erase_yes").evaluate("button => button.click()")

    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["records_failed"])
    assert len(site.records()) == 1
