"""GAR21: the cross of the Italian profile refuses, says so, and takes nothing from the answers."""

import pytest
from playwright.sync_api import expect

from consent_server.embed.shipped import artifacts
from tests.builders import a_document

ITALY = {"profile": "it-garante"}
SIZES = [(320, 256), (360, 640), (1920, 1080)]


@pytest.fixture
def site(a_site):
    return a_site(**ITALY, languages={"default": "en", "available": ["en", "it", "ar"]})


def test_closing_by_the_cross_is_recorded_as_a_refusal_of_everything(visitor, site):
    visitor.open(site.page())

    with visitor.page.expect_response("**/consents"):
        visitor.answer("close_reject").click()

    visitor.expect_not_asked()
    (record,) = site.records()
    assert (record["action"], record["method"], record["event"]) == (
        "reject_all", "banner", "refused",
    )  # fmt: skip
    assert visitor.granted() == set()


def test_the_device_keeps_the_same_bytes_as_after_a_refusal(new_visitor, site):
    kept = []
    for answer in ("close_reject", "reject"):
        visitor = new_visitor()
        visitor.open(site.page())
        with visitor.page.expect_response("**/consents"):
            visitor.answer(answer).click()
        visitor.reload()
        visitor.expect_not_asked()
        kept.append(visitor.cookies())

    assert kept[0] == kept[1]


@pytest.mark.one_row_in(6)
@pytest.mark.parametrize("layout", ["bar", "box", "centre"])
@pytest.mark.parametrize("language", ["en", "it", "ar"])
def test_the_cross_stands_at_the_end_of_the_first_line_at_every_size(
    language, layout, visitor, a_site
):
    languages = {"default": "en", "available": ["en", "it", "ar"]}
    visitor.speaks(language)
    site = a_site(**ITALY, languages=languages, theme={"layout": layout})
    visitor.open(site.page(language=language))
    cross = visitor.answer("close_reject")

    for width, height in SIZES:
        visitor.page.set_viewport_size({"width": width, "height": height})
        for name in ("close_reject", "accept", "reject"):
            expect(visitor.answer(name)).to_be_in_viewport(ratio=1)
        box = cross.bounding_box()
        title = visitor.banner.get_by_role("heading").bounding_box()
        text = visitor.banner.locator(".text").bounding_box()
        assert box["y"] + box["height"] <= title["y"] + 1
        assert min(box["height"], box["width"]) >= 24
        start, end = box["x"] - text["x"], text["x"] + text["width"] - box["x"] - box["width"]
        assert (start < end) == (language == "ar")
    sign = cross.evaluate("node => getComputedStyle(node, '::after').content")
    assert "\u00d7" in sign


@pytest.mark.parametrize("profile", ["gdpr", "fr-cnil", "ie-dpc"])
def test_no_other_profile_has_a_cross_or_pays_for_its_looks(profile, visitor, a_site):
    visitor.open(a_site(profile=profile).page())

    visitor.expect_asked()
    expect(visitor.banner.get_by_role("button")).to_have_count(4)
    expect(visitor.answer("close_reject")).to_have_count(0)
    build = artifacts().widget.build_of(a_document(profile=profile))
    assert b".cross{" not in build
    assert b".cross{" in artifacts().widget.build_of(a_document(**ITALY))
