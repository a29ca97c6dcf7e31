"""R011, R037: a site that does everything wrong fails its audit, which names each thing."""

import pytest

from tests.audit.conftest import Audit
from tests.audit.leaky import (
    DEAF,
    EARLY,
    HIDDEN_WAYS,
    STRANGER,
    SURVIVOR,
    leaky_pages,
    leaky_services,
)
from tests.browser.service import Site
from tests.browser.web import SHOP, Web

FORBIDDEN = ["before_choice", "after_refusal", "after_withdrawal"]


@pytest.fixture(scope="module")
def audit(running_service, run_audit, once):
    """One audit of the leaky shop, whose hosts are there as long as it is looked at."""

    def look():
        web = Web()
        site = Site(running_service, web, services=leaky_services(web))
        pages = leaky_pages(site, web)
        more = [word for page in pages[1:] for word in ("--pages", page)]
        done = run_audit(pages[0], *more, "--wait", "2", "--json")
        web.close()
        return done

    return Audit(*once("leaky", look))


@pytest.fixture
def at(audit):
    """Return a host as the audit names it."""
    port = audit.json["pages"][0].split(":")[2].strip("/")
    return lambda name: f"{name}:{port}"


def test_it_fails(audit):
    assert (audit.code, audit.json["clean"]) == (1, False)


def test_a_tracker_that_nobody_declared_is_named(audit, at):
    finding = audit.of("undeclared_host")[at(STRANGER)]

    assert finding["when"] == ["after_acceptance"]
    assert "`services`" in finding["remedy"]
    assert "localStorage key stranger_id" in audit.of("undeclared_store")


def test_a_tracker_before_any_choice_is_named_with_its_tag(audit, at):
    finding = audit.of("host_without_consent")[at(EARLY)]
    (tag,) = audit.of("tag_not_marked").values()

    assert finding["when"] == FORBIDDEN
    assert (finding["service"], finding["category"]) == ("early", "analytics")
    assert f"{at(EARLY)}/early.js" in tag["subject"]
    assert 'data-category="analytics" data-service="early"' in tag["remedy"]
    assert "before_choice" in audit.of("store_without_consent")["cookie earl_id"]["when"]


def test_a_tracker_that_ignores_a_refusal_is_named(audit, at):
    finding = audit.of("host_without_consent")[at(DEAF)]

    assert finding["when"] == FORBIDDEN[1:]
    assert 'ConsentServer.has("marketing")' in finding["remedy"]
    stored = audit.of("store_without_consent")["localStorage key deaf_id"]
    assert stored["when"] == FORBIDDEN[1:]


def test_a_tracker_that_survives_a_withdrawal_is_named(audit, at):
    finding = audit.of("host_without_consent")[at(SURVIVOR)]

    assert finding["when"] == FORBIDDEN[2:]
    assert finding["details"]["url"].endswith("/again")


def test_a_cookie_that_no_script_can_delete_is_named_with_the_way_to_end_it(audit):
    (finding,) = audit.of("store_not_deleted").values()

    assert finding["subject"] == "cookie surv_id"
    assert finding["details"]["http_only"] is True
    assert "expire_cookies" in finding["remedy"] and "http_only: true" in finding["remedy"]


@pytest.mark.parametrize("way", HIDDEN_WAYS)
def test_a_host_is_named_however_it_was_contacted(way, audit, at):
    assert "before_choice" in audit.of("undeclared_host")[at(f"{way}.localhost")]["when"]


def test_a_page_that_hides_the_way_back_is_named(audit):
    (finding,) = audit.of("way_back_unusable").values()

    assert [page.rpartition("/")[2] for page in finding["pages"]] == ["hidden"]
    assert "display: none" in finding["message"]
    assert 'data-consent="open"' in finding["remedy"]


def test_a_page_without_the_widget_is_named(audit):
    (finding,) = audit.of("widget_missing").values()

    assert [page.rpartition("/")[2] for page in finding["pages"]] == ["bare"]


def test_a_misspelt_category_is_named_with_the_right_one(audit):
    (finding,) = audit.of("tag_category_unknown").values()

    assert '"analitycs"' in finding["message"]
    assert 'data-category="analytics" data-service="survivor"' in finding["remedy"]


def test_a_service_worker_that_nobody_declared_is_named(audit, at):
    address = f"http://{at(SHOP)}/sw.js"

    assert audit.of("undeclared_store")[f"service worker {address}"]["details"] == {
        "kind": "worker",
        "name": address,
        "place": at(SHOP),
        "http_only": False,
    }


def test_nothing_else_is_found(audit):
    """What the page does rightly is no finding: the marked tag, the widget's own entries."""
    assert audit.codes() == {
        "undeclared_host",
        "undeclared_store",
        "host_without_consent",
        "store_without_consent",
        "store_not_deleted",
        "tag_not_marked",
        "tag_category_unknown",
        "way_back_unusable",
        "widget_missing",
    }
    assert len(audit.of("undeclared_host")) == 1 + len(HIDDEN_WAYS)
    assert len(audit.of("undeclared_store")) == 3
    assert len(audit.of("host_without_consent")) == 3
