"""What a document may ask so that the answer to all of it fits into a cookie."""

import pytest

from consent_server.consents.device import LONGEST_STATE, as_cookie_value
from consent_server.sites.document.cookie import BESIDE_ID, ROOM, broken_cookie_rules
from consent_server.sites.document.schema import MOST_CATEGORIES

#: As many ids of one length as there is room for, of every length that an id may have; one category
#: is always required.
MOST = [
    (min(MOST_CATEGORIES - 1, ROOM // (3 * length + BESIDE_ID)), length) for length in range(2, 41)
]
END = "2027-12-01T05:47:39.123Z"


def _ids(count, length):
    return [f"{at:02}".rjust(length, "x") for at in range(count)]


@pytest.mark.parametrize(("count", "length"), MOST)
def test_the_longest_answer_that_can_be_asked_for_fits(count, length):
    ids = _ids(count, length)
    state = {
        "v": 1,
        "bundle": "b" * 64,
        "revision": 999_999,
        "day": "2026-12-01",
        "categories": dict.fromkeys(ids, False),
        "services": {},
        "gpc": True,
        "revisions": dict.fromkeys(ids, 999_999),
        "expires": dict.fromkeys(ids, END),
        "id": "i" * 22,
        "n": 999_999_999,
    }
    assert len(set(ids)) == count

    assert len(as_cookie_value(state)) <= LONGEST_STATE


@pytest.mark.parametrize("more", [0, 1])
def test_one_more_is_refused(more):
    count, length = MOST[-1]
    asked = [{"id": id_, "required": False} for id_ in _ids(count + more, length)]
    needed = {"id": "n" * 40, "required": True}

    found = list(broken_cookie_rules({"categories": [needed, *asked]}))

    assert [(finding.path, finding.reason) for finding in found] == [
        ("categories", "answers_too_long")
    ] * more
