"""R033: a choice that holds on several hosts says so, and covers no host nobody was told of."""

import pytest

from consent_server.sites.bundle import build_bundle
from tests.sites.documents import BUILD, SHIPPED, a_document


def _bundle(previous=None, immaterial=False, **changes):
    return build_bundle(a_document(**changes), SHIPPED, BUILD, previous, immaterial)


SHARED = ["https://shop.example", "https://www.shop.example"]
SEVERAL = {"cookie_domain": "shop.example", "origins": SHARED}


@pytest.mark.parametrize(
    ("origins", "scope"),
    [
        (["https://shop.example"], None),
        (["https://shop.example", "https://shop.example:8443"], None),
        (SHARED, ["shop.example", "www.shop.example"]),
        (["https://*.shop.example"], ["*.shop.example"]),
        (["https://*.shop.example", *SHARED], ["*.shop.example", "shop.example"]),
    ],
)
def test_the_hosts_that_share_one_choice_are_told_when_there_are_several(origins, scope):
    alone = _bundle(origins=origins)
    shared = _bundle(origins=origins, cookie_domain="shop.example")

    assert shared.get("scope") == scope
    assert ("scope" in shared["texts"]["en"]) == (scope is not None)
    assert "scope" not in alone and "scope" not in alone["texts"]["fr"]


@pytest.mark.parametrize("immaterial", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "is_wider"),
    [
        ({**SEVERAL, "cookie_domain": None}, SEVERAL, True),
        (SEVERAL, {**SEVERAL, "origins": [*SHARED, "https://m.shop.example"]}, True),
        (SEVERAL, {**SEVERAL, "origins": ["https://*.shop.example"]}, True),
        ({**SEVERAL, "origins": ["https://*.shop.example"]}, SEVERAL, True),
        ({**SEVERAL, "origins": ["https://*.shop.example", SHARED[0]]}, SEVERAL, False),
        (SEVERAL, {**SEVERAL, "cookie_domain": None}, False),
        (SEVERAL, {**SEVERAL, "origins": SHARED[:1]}, False),
    ],
)
def test_a_choice_that_reaches_another_host_is_asked_anew(before, after, is_wider, immaterial):
    given = [{key: value for key, value in doc.items() if value} for doc in (before, after)]
    first = _bundle(**given[0])

    second = _bundle(first, immaterial, **given[1])

    touched = {item["id"] for item in second["categories"] if item["since"] == 2}
    assert touched == ({"analytics", "marketing"} if is_wider else set())
