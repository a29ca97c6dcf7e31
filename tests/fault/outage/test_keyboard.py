"""F-54: by keyboard alone, with the service down: the refusal is near, works and is announced."""

import pytest

from tests.fault.outage.answers import MODES

MOST_KEYS = 3
NOW = "document.activeElement?.shadowRoot?.activeElement?.textContent ?? ''"
#: A page on which the banner comes last, and is reached after everything else.
NAIVE = """<style>consent-server { display: none }</style><script>
    document.addEventListener('DOMContentLoaded', () => {
        document.body.append(Object.assign(document.createElement('button'),
            {textContent: 'Reject all', onclick() { this.remove() }}));
    });
</script>"""


def _refuse_by_keyboard(visitor, name):
    """Press Tab until the refusal has the focus, then Enter; return how many keys that took."""
    for keys in range(1, 30):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.evaluate(f"({NOW}) || document.activeElement.textContent")
        if focused == name:
            visitor.page.keyboard.press("Enter")
            return keys + 1
    raise AssertionError(f"{name} cannot be reached")


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_is_three_keys_away_and_is_announced(mode, visitor, shop, outage, web):
    visitor.page.clock.install()
    visitor.open(shop.page_with(shop.tag_in("async")))
    visitor.expect_asked()
    outage.breaks(mode)

    keys = _refuse_by_keyboard(visitor, visitor.texts["reject"])

    assert keys <= MOST_KEYS
    visitor.let_pass(15)
    visitor.expect_said("offline_denied")
    assert visitor.page.evaluate(NOW) == visitor.texts["reopen"]
    visitor.expect_unharmed(web, keeps=("consent_state", "consent_press"))


def test_every_announcement_is_of_a_status_that_was_there_before(visitor, shop, outage):
    """A live region that comes with its text is read out by hardly any screen reader."""
    visitor.page.clock.install()
    visitor.open(shop.page_with(shop.tag_in("async")))
    outage.breaks("500")
    region = visitor.status.element_handle()

    _refuse_by_keyboard(visitor, visitor.texts["reject"])
    visitor.let_pass(15)

    assert region.inner_text().strip() == visitor.texts["offline_denied"]
    tree = visitor.page.locator("consent-server").aria_snapshot()
    assert f"- status: {visitor.texts['offline_denied']}" in tree


def test_a_banner_at_the_end_of_the_page_does_not_pass(victim, shop):
    """Control: the keys to what comes last are counted as they are."""
    links = "".join(f"<a href='#{number}'>Link</a>" for number in range(5))
    victim.start(shop.page_with(NAIVE, links))
    victim.wait_for_stage("load")

    assert _refuse_by_keyboard(victim, "Reject all") > MOST_KEYS
