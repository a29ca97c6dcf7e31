"""R031: no service is published without what visitors must be told before they decide."""

import json

import pytest

from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import DocumentInvalid, validate_document
from consent_server.sites.document.closed_lists import STORE_KINDS
from tests.sites.documents import BUILD, SHIPPED, a_document, a_service, a_value

#: What the second layer shows of every service, whatever category it is in.
TOLD = ("name", "policy_url", "country", "data", "stores", "shared")
#: Statistics that the site counts itself.
OWN = {**a_service(id="counter", hosts=["stats.shop.example:8443", "shop.example"])}
del OWN["policy_url"]


def _errors(*services, **changes):
    with pytest.raises(DocumentInvalid) as refusal:
        validate_document(a_value(services=list(services), **changes))
    return {error["path"]: (error["reason"], error["message"]) for error in refusal.value.errors}


def _without(key, **changes):
    return {name: value for name, value in a_service(**changes).items() if name != key}


@pytest.mark.parametrize("category", ["analytics", "necessary"])
@pytest.mark.parametrize("key", TOLD)
def test_a_service_that_leaves_something_out_is_refused_with_the_place_and_the_law(key, category):
    errors = _errors(a_service(id="whole"), _without(key, category=category))

    ((path, (reason, message)),) = errors.items()
    assert (path, reason) == (f"services[1].{key}", "missing_key")
    assert message.startswith("is required: ")
    assert "GDPR Art. 1" in message


@pytest.mark.parametrize("key", ["name", "kind", "lifetime"])
def test_a_store_that_leaves_something_out_is_refused(key):
    store = {"name": "a", "kind": "cookie", "lifetime": "P1M"}
    del store[key]

    errors = _errors(a_service(stores=[store]))

    assert errors == {f"services[0].stores[0].{key}": ("missing_key", "is required")}


@pytest.mark.parametrize(
    ("key", "nothing"), [("name", " "), ("policy_url", ""), ("country", ""), ("data", [])]
)
def test_an_empty_value_tells_nothing(key, nothing):
    assert list(_errors(a_service(**{key: nothing}))) == [f"services[0].{key}"]


def test_a_service_that_keeps_nothing_says_so_and_every_kind_of_store_can_be_told():
    stores = [{"name": kind, "kind": kind, "lifetime": "session"} for kind in STORE_KINDS]

    document = a_document(services=[a_service(stores=[]), a_service(id="all", stores=stores)])

    assert document.services[0].stores == ()
    assert {"pixel", "url_decoration", "fingerprint"} < {
        store.kind for store in document.services[1].stores
    }


@pytest.mark.parametrize("category", ["analytics", "necessary"])
def test_the_sites_own_policy_stands_for_a_service_on_its_own_hosts(category):
    document = a_document(services=[{**OWN, "category": category}])

    (service,) = build_bundle(document, SHIPPED, BUILD, None)["services"]

    assert service["policy_url"] == document.policy.url
    assert "policy_url" not in document.as_dict()["services"][0]


def test_below_a_cookie_domain_every_host_is_the_sites_own():
    changes = {"origins": ["https://www.shop.example"], "cookie_domain": "shop.example"}

    assert a_document(services=[OWN], **changes).services[0].policy_url is None


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["stats.example"],
        ["shop.example", "stats.example"],
        ["myshop.example"],
        ["shop.example.evil.example"],
        ["example"],
    ],
)
def test_the_sites_policy_does_not_stand_for_somebody_elses_hosts(hosts):
    errors = _errors({**OWN, "hosts": hosts})

    assert list(errors) == ["services[0].policy_url"]
    assert "name your own hosts in hosts" in errors["services[0].policy_url"][1]


def test_a_site_that_moves_its_policy_asks_nobody_again_about_its_own_services():
    first = build_bundle(a_document(services=[OWN]), SHIPPED, BUILD, None)
    policy = {"url": "https://shop.example/data", "version": "2"}
    moved = build_bundle(a_document(services=[OWN], policy=policy), SHIPPED, BUILD, first)
    sold = {**OWN, "policy_url": "https://vendor.example/privacy"}

    told = build_bundle(a_document(services=[sold], policy=policy), SHIPPED, BUILD, moved)

    assert moved["services"][0] == {**first["services"][0], "policy_url": policy["url"]}
    assert told["services"][0]["since"] == 3
    assert json.dumps(moved).count(policy["url"]) == 2
