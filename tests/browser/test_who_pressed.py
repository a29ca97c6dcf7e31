"""R009: a record says whether the browser saw a person press."""

import pytest

PRESS = """name => {
    const root = document.querySelector('consent-server').shadowRoot;
    [...root.querySelectorAll('button')].find((one) => one.textContent === name).click();
}"""


@pytest.mark.parametrize("by", ["person", "script"])
def test_a_withdrawal_says_who_pressed(by, visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    visitor.way_back.click()

    with visitor.page.expect_response("**/consents"):
        if by == "person":
            visitor.button(visitor.preferences, "withdraw").click()
        else:
            visitor.page.evaluate(PRESS, visitor.texts["withdraw"])

    assert visitor.granted() == set()
    withdrawn = site.records()[-1]
    assert (withdrawn["event"], withdrawn["trusted"]) == ("withdrawn", by == "person")


def test_a_no_stays_a_no_whatever_the_page_says_was_pressed(visitor, site):
    visitor.open(site.page())
    visitor.expect_asked()
    visitor.page.evaluate(
        """name => {
            const root = document.querySelector('consent-server').shadowRoot;
            const accept = [...root.querySelectorAll('button')]
                .find((one) => one.textContent === name);
            Element.prototype.closest = () => accept;
            for (const name of ['target', 'srcElement', 'currentTarget']) {
                Object.defineProperty(Event.prototype, name, {get: () => accept});
            }
            Event.prototype.composedPath = () => [accept];
        }""",
        visitor.texts["accept"],
    )

    with visitor.page.expect_response("**/consents"):
        visitor.reject_all()

    assert [(record["event"], record["trusted"]) for record in site.records()] == [
        ("refused", True)
    ]
