"""A cookie that nobody here wrote is no choice, and keeps nobody from making one."""

import json
import urllib.parse

import pytest

from tests.browser.service import OPTIONAL

#: What is changed in the state of one who accepted everything; None takes it away.
CHANGES = {
    "an id that is none": {"id": "me"},
    "an id that is no text": {"id": 7},
    "a number that is none": {"n": "many"},
    "a number that no reader keeps": {"n": 2**53 - 1},
    "a broken number": {"n": 1.5},
    "a number below the first": {"n": -4},
    "no number": {"n": None},
    "a day that is none": {"day": "today", "expires": None},
    "ends that are none": {"expires": dict.fromkeys(OPTIONAL, "soon")},
    "ends that are no texts": {"expires": 5},
    "categories in a list": {"categories": [True]},
    "words for yes": {"categories": dict.fromkeys(OPTIONAL, "yes")},
    "services in a text": {"services": "all"},
    "an older format": {"v": 0},
    "a text for what was shown": {"revision": "first", "bundle": 0, "revisions": "none"},
}


def _plant(visitor, state):
    kept = {name: value for name, value in state.items() if value is not None}
    text = urllib.parse.quote(json.dumps(kept), safe="")
    write = "text => { document.cookie = `consent_state=${text};path=/;max-age=9999;secure` }"
    visitor.page.evaluate(write, text)
    assert visitor.cookies()["consent_state"] == text


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("has_token", [True, False])
def test_whoever_has_a_state_of_junk_can_say_yes_and_no(visitor, site, name, has_token):
    visitor.open(site.page())
    visitor.accept_all()
    token = visitor.token()
    _plant(visitor, {**visitor.state(), **CHANGES[name]})
    if not has_token:
        visitor.page.evaluate("document.cookie = 'consent_token=;path=/;max-age=0;secure'")
    visitor.reload()

    assert visitor.page.evaluate("ConsentServer.acceptAll()") is True
    assert visitor.granted() == set(OPTIONAL)
    assert visitor.page.evaluate("ConsentServer.withdraw()") is True

    assert visitor.granted() == set()
    visitor.wait_until_delivered()
    last = site.records()[-1]
    assert (last["event"], last["superseded"]) == ("withdrawn", False)
    if not {"id", "v"} & CHANGES[name].keys():  # otherwise nobody knows whose it was
        assert site.check(token, "analytics")["granted"] is False
    visitor.reload()
    visitor.expect_not_asked()
