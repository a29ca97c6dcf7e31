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
