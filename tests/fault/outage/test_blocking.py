"""F-40: a blocking tag on a silent service. The page answers nothing, so its server is asked."""

import time

import pytest

from tests.browser.web import SHOP
from tests.fault.outage.answers import SILENT
from tests.fault.outage.shop import waiting
from tests.fault.outage.test_first_part import STAGES

#: Tells the page's own server how far the page has come.
TELL = """<script>
    const tell = (what) => fetch(`/told/${what}`);
    document.addEventListener('DOMContentLoaded', () => tell('DOMContentLoaded'));
    addEventListener('load', () => tell('load'));
    tell('before');
</script>"""
#: Runs once the parser has passed the tag.
PARSED = "<script>tell('parsing')</script>"
EVERYTHING = {"before", *STAGES}
#: Milliseconds in which a page that goes on would have told so.
MOMENT = 400


@pytest.fixture
def told(visitor, web):
    """Return what the page has told its server, after a moment or once it has told all of these."""

    def look(*awaited: str) -> set[str]:
        end = time.monotonic() + (20 if awaited else MOMENT / 1000)
        seen: set[str] = set()
        while time.monotonic() < end and not (awaited and seen >= set(awaited)):
            visitor.page.wait_for_timeout(20)
            paths = web.requests_to(SHOP)
            seen = {path.removeprefix("/told/") for path in paths if path.startswith("/told/")}
        return seen

    return look


@pytest.mark.parametrize("mode", SILENT)
def test_a_blocking_tag_holds_up_the_page_until_the_silence_ends(
    mode, visitor, shop, outage, web, told
):
    assert waiting()["blocking"] == ["waits"] * len(STAGES)
    outage.breaks(mode)

    visitor.start(shop.page_with(TELL + shop.tag_in("blocking"), PARSED))
    outage.wait_until_held()
    told("before")

    assert told() == {"before"}
    if mode == "slow":
        outage.answers_late()
    else:
        outage.hang_up()
    assert told(*EVERYTHING) == EVERYTHING
    visitor.expect_unharmed(web)
    if mode == "slow":
        visitor.wait_until_ready()
        visitor.expect_asked()


def test_an_async_tag_is_told_apart_from_it_by_the_server(visitor, shop, outage, told):
    """Control: a page that goes on says so to the same server, in the same moment."""
    outage.breaks("black hole")

    visitor.start(shop.page_with(TELL + shop.tag_in("async"), PARSED))
    outage.wait_until_held()
    told("parsing", "DOMContentLoaded")

    assert told() == EVERYTHING - {"load"}
    outage.hang_up()
    assert told("load") == EVERYTHING


def test_a_blocking_tag_on_a_service_that_is_well_asks_as_any_other(visitor, shop, told):
    visitor.open(shop.page_with(TELL + shop.tag_in("blocking"), PARSED))

    assert told(*EVERYTHING) == EVERYTHING
    visitor.expect_asked()
