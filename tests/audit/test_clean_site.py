"""R011: a site that keeps to what it declared passes, in all three lives."""

from typing import NamedTuple

import pytest
import yaml

from tests.audit.conftest import Audit
from tests.browser.service import TRACKER, Site, gated
from tests.browser.web import SHOP, VENDOR, Web
from tests.builders import a_value

BEHAVED = "document.cookie = 'vend_id=1;path=/'; localStorage.setItem('vend_seen', '1');"
VIDEO = '<iframe data-category="marketing" data-service="video" data-src="{}" title="V"></iframe>'


def services(web: Web) -> list[dict[str, object]]:
    """Return a vendor that stores what it declares, and one for a frame."""
    host = f"{VENDOR}:{web.port}"
    stores = [
        {"name": "vend_*", "kind": kind, "lifetime": "P1Y"} for kind in ("cookie", "local_storage")
    ]
    other = {"id": "video", "category": "marketing", "stores": []}
    return [
        {**TRACKER, "hosts": [host], "stores": stores},
        {**TRACKER, **other, "hosts": [host]},
        {**TRACKER, "id": "absent", "name": "Absent", "hosts": ["absent.example"]},
    ]


def pages(site: Site, web: Web) -> tuple[str, str]:
    """Put two pages of a behaved shop on the web."""
    count = web.put(VENDOR, "/count.js", BEHAVED, "text/javascript")
    film = web.put(VENDOR, "/film", "<!doctype html><title>Film</title>")
    mark = 'type="text/plain" data-category="analytics" data-service="tracker"'
    script = f'<script {mark} data-src="{count}"></script>'
    footer = '<p><a href="#" data-consent="open">Cookies</a></p>'
    own = gated("necessary", "/basket.js", web).replace(web.origin(VENDOR), web.origin(SHOP))
    web.put(SHOP, "/basket.js", "1", "text/javascript")
    return (
        site.page(script + VIDEO.format(film) + own),
        site.page(script + footer, path="/about"),
    )


class Behaved(NamedTuple):
    """One audit of the behaved shop, and what it left in the log."""

    audit: Audit
    site: str
    pages: list[str]
    events: list[str]


@pytest.fixture(scope="module")
def behaved(running_service, run_audit, once):
    """The shop as it was found."""

    def look():
        web = Web()
        site = Site(running_service, web, services=services(web))
        addresses = pages(site, web)
        audit = run_audit(addresses[0], "--pages", "/about", "--wait", "0.4", "--json")
        web.close()
        return audit, site.id, addresses, [record["event"] for record in site.records()]

    audit, *rest = once("behaved", look)
    return Behaved(Audit(*audit), *rest)


def test_it_passes(behaved):
    audit = behaved.audit

    assert audit.json["findings"] == []
    assert (audit.code, audit.json["clean"]) == (0, True)


def test_its_vendor_was_met_after_the_acceptance_alone(behaved):
    """The control of the clean result: there was something to find."""
    met = {
        sight["stage"]
        for life in behaved.audit.json["lives"]
        for sight in life["sights"]
        if any(host.startswith(VENDOR) for host in sight["hosts"])
    }

    assert met == {"after_acceptance"}


def test_the_choices_of_the_visitors_are_in_the_log(behaved):
    assert behaved.events == ["refused", "given", "withdrawn"]


def test_the_answer_for_scripts_has_one_shape(behaved):
    answer = behaved.audit.json

    assert set(answer) == {
        *("version", "audited_at", "pages", "site", "declared_by", "bundle", "clean"),
        *("findings", "notes", "lives"),
    }
    assert (answer["version"], answer["site"], answer["declared_by"]) == (1, behaved.site, "page")
    assert answer["pages"] == behaved.pages
    assert [life["life"] for life in answer["lives"]] == ["no_choice", "refusal", "withdrawal"]
    assert {frozenset(note) for note in answer["notes"]} == {
        frozenset(
            {
                *("code", "subject", "category", "service", "when", "pages"),
                *("message", "remedy", "details"),
            }
        )
    }


def test_what_was_declared_and_not_met_is_a_note(behaved):
    assert list(behaved.audit.of("not_seen")) == ["Absent"]


def test_each_visitor_has_a_line_of_progress(behaved):
    lines = behaved.audit.progress.splitlines()
    assert [line[:3] for line in lines] == ["1/3", "2/3", "3/3"]
    assert "who refuses … 2 pages, " in lines[1]


def test_a_document_can_be_audited_before_it_is_published(a_site, web, run_audit, tmp_path):
    site = a_site(services=services(web))
    first, _ = pages(site, web)
    categories = [*a_value()["categories"], {"id": "extra"}]
    words = {"category.extra.title": "Extra", "category.extra.text": "More."}
    draft = a_value(
        site.id, categories=categories, services=[], texts={"en": words, "fr": dict(words)}
    )
    file = tmp_path / "draft.yaml"
    file.write_text(yaml.safe_dump(draft), encoding="utf-8")

    audit = run_audit(first, "--document", file, "--wait", "0.3", "--json")

    assert (audit.code, audit.json["declared_by"]) == (1, "file")
    assert f"{VENDOR}:{web.port}" in audit.of("undeclared_host")
    assert audit.codes() == {"undeclared_host", "undeclared_store", "tag_service_unknown"}
    assert [record["event"] for record in site.records()] == ["refused", "given", "withdrawn"]


def test_nobody_accepts_where_that_is_not_wanted(a_site, web, service, run_audit):
    site = a_site(services=services(web))
    first, _ = pages(site, web)
    words = ("--site", site.id, "--wait", "0.3", "--no-accept")

    audit = run_audit(first, *words, environ={"CONSENT_DATA_DIR": str(service.folder)})

    assert audit.code == 0
    assert "Compared with what is published in this service's database" in audit.said
    assert "--no-accept was given" in audit.said
    assert [record["event"] for record in site.records()] == ["refused"]
