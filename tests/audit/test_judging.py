"""What was seen against what was declared: every kind of finding, and what is none."""

import pytest

from consent_server.audit.judging import judge
from consent_server.audit.observed import Control, Sight, Stored
from consent_server.audit.report import as_lines
from consent_server.audit.tags import Tag
from tests.audit.sightings import LIVES, PAGE, cookie, seen
from tests.builders import DOCUMENT, a_service

STATS = "https://stats.example/s.js"
BASKET = {"name": "basket", "kind": "cookie", "lifetime": "session"}
REQUIRED = a_service("pay", "necessary", BASKET) | {"hosts": ["pay.example"]}


def findings(*, own=(), accepts=True, **what):
    verdict = judge(seen(**what), own, accepts=accepts)
    return [(one.code, one.subject, one.when) for one in verdict.findings]


def notes(**what):
    verdict = judge(seen(**what), (), accepts=True)
    return {one.code: one for one in verdict.notes}


def only(**what):
    (finding,) = judge(seen(**what), (), accepts=True).findings
    return finding


@pytest.mark.parametrize("stage", ["before_choice", "after_refusal", "after_withdrawal"])
def test_an_optional_host_is_allowed_after_an_acceptance_alone(stage):
    assert findings(contacts=[(stage, STATS)]) == [
        ("host_without_consent", "stats.example", (stage,))
    ]
    assert findings(contacts=[("after_acceptance", STATS)]) == []


@pytest.mark.parametrize("stage", ["before_choice", "after_refusal", "after_withdrawal"])
def test_an_optional_store_is_allowed_after_an_acceptance_alone(stage):
    assert findings(stored=[(stage, cookie("stats_1"))]) == [
        ("store_without_consent", "cookie stats_1", (stage,))
    ]
    assert findings(stored=[("after_acceptance", cookie("stats_1"))]) == []


def test_what_is_required_and_what_is_the_sites_own_is_no_finding():
    always = list(LIVES)
    services = [*DOCUMENT["services"], REQUIRED]
    own = ("cdn.example",)
    hosts = ["https://pay.example/", PAGE, "https://cdn.example/", "wss://a.shop.example/"]

    assert (
        findings(
            own=own,
            services=services,
            origins=["https://*.shop.example"],
            contacts=[(stage, host) for stage in always for host in hosts],
            stored=[(stage, cookie(name)) for stage in always for name in ("basket",)],
        )
        == []
    )


def test_what_the_widget_itself_keeps_is_no_finding():
    own = [cookie("consent_state"), cookie("consent_token")]
    own += [
        Stored("local_storage", f"consent_{name}", "shop.example")
        for name in ("press", "queue_AbC", "used")
    ]

    assert findings(stored=[("after_refusal", one) for one in own]) == []
    assert findings(stored=[("after_refusal", Stored("cookie", "consent_queue", "x"))]) != []


def test_a_relative_of_a_declared_host_is_to_be_added_there():
    finding = only(contacts=[("after_acceptance", "https://eu.stats.example/")])

    assert (finding.code, finding.subject) == ("undeclared_host", "eu.stats.example")
    assert "hosts of the service `stats`" in finding.remedy


def test_a_well_known_tracker_is_called_by_its_name():
    host = only(contacts=[("before_choice", "https://region1.google-analytics.com/g")])
    store = only(stored=[("before_choice", cookie("_ga"))])

    assert "google-analytics.com, a known tracker" in host.message
    assert "Google Analytics" in store.message


@pytest.mark.parametrize("declared", [True, False])
def test_a_cookie_that_no_script_deletes_is_the_servers_to_end(declared):
    stats = {**DOCUMENT["services"][0]}
    stats["stores"] = [{**stats["stores"][0], "http_only": declared}]
    kept = cookie("stats_1", http_only=True)

    finding = only(
        services=[stats], stored=[("after_acceptance", kept), ("after_withdrawal", kept)]
    )

    assert finding.code == "store_not_deleted"
    assert "expire_cookies" in finding.remedy
    assert ("Declare it with `http_only: true`" in finding.remedy) is not declared


def test_a_cookie_of_another_host_is_a_note_since_only_that_host_can_delete_it():
    kept = cookie("video_id", "video.example")
    both = [("after_acceptance", kept), ("after_withdrawal", kept)]

    assert findings(stored=both) == []
    assert notes(stored=both)["store_of_others"].subject == "cookie video_id"
    parent = cookie("video_id", "example")
    assert findings(stored=[(stage, parent) for stage, _ in both]) != []


def test_what_is_sent_while_the_page_is_left_is_a_note():
    leaving = [("after_acceptance", STATS), ("withdrawing", STATS)]

    assert findings(contacts=leaving) == []
    assert "sent_while_leaving" in notes(contacts=leaving)
    assert findings(contacts=[*leaving, ("after_withdrawal", STATS)]) != []


def test_a_worker_is_declared_by_the_address_or_the_path_of_its_script():
    worker = Stored("worker", "https://shop.example/stats/sw.js", "shop.example")
    for name in ("/stats/*", "https://shop.example/stats/sw.js"):
        stats = {**DOCUMENT["services"][0]}
        stats["stores"] = [{"kind": "worker", "name": name, "lifetime": "P1Y"}]
        assert findings(services=[stats], stored=[("after_acceptance", worker)]) == []
    assert findings(stored=[("after_acceptance", worker)]) != []


@pytest.mark.parametrize(
    "tag, code",
    [
        (Tag("script", live=(STATS,)), "tag_not_marked"),
        (Tag("img", live=(STATS,), in_noscript=True), "tag_not_marked"),
        (Tag("link", live=("https://stats.example/",)), "tag_not_marked"),
        (Tag("script", "analytics", live=(STATS,)), "tag_loads_at_once"),
        (Tag("iframe", "analytics", "stats", live=(STATS,)), "tag_loads_at_once"),
        (Tag("script", "analitycs", held=(STATS,)), "tag_category_unknown"),
        (Tag("script", "", held=(PAGE,)), "tag_category_unknown"),
        (Tag("script", "!nothing", held=(PAGE,)), "tag_category_unknown"),
        (Tag("script", "functional", held=(STATS,)), "tag_category_other"),
        (Tag("script", "functional", "stats", held=(PAGE,)), "tag_category_other"),
        (Tag("script", "analytics", "statz", held=(STATS,)), "tag_service_unknown"),
    ],
)
def test_a_tag_that_is_not_held_back_as_published_is_named(tag, code):
    finding = only(tags=[tag])

    assert (finding.code, finding.subject) == (code, tag.shown())
    assert finding.pages == (PAGE,)


@pytest.mark.parametrize(
    "tag",
    [
        Tag("script", live=(PAGE,)),
        Tag("script", "analytics", "stats", held=(STATS,)),
        Tag("script", "analytics marketing", held=(STATS,)),
        Tag("script", "!analytics", live=(PAGE,)),
        Tag("script", "necessary", live=(PAGE,)),
        Tag("img", "analytics", "stats", live=(PAGE,), held=(STATS,)),
        Tag("template", "marketing"),
    ],
)
def test_a_tag_that_is_in_order_is_no_finding(tag):
    assert findings(tags=[tag]) == []


def test_a_site_that_loads_nothing_of_anybody_is_clean_and_told_what_is_declared_in_vain():
    assert findings() == []
    assert set(notes()) == {"not_seen"}


def test_what_was_left_out_is_said():
    what = seen()
    what.lives.pop()

    verdict = judge(what, (), accepts=False)

    assert [note.code for note in verdict.notes] == ["left_out"]
    assert verdict.is_clean


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"has_widget": False}, "widget_missing"),
        ({"ways_back": []}, "way_back_missing"),
        ({"ways_back": [Control("the button", ("is hidden",))]}, "way_back_unusable"),
        ({"mishaps": [("acceptance_failed", "origin_not_allowed")]}, "acceptance_failed"),
        ({"mishaps": [("answer_unusable", "Reject")]}, "answer_unusable"),
        ({"mishaps": [("withdrawal_missing", "")]}, "withdrawal_missing"),
        ({"mishaps": [("other_site", "shop-2")]}, "other_site"),
    ],
)
def test_a_widget_that_does_not_serve_visitors_is_a_finding(changes, code):
    what = seen()
    what.lives[1].sights.append(Sight(f"{PAGE}about", "after_refusal", 9.0, **changes))

    (finding,) = judge(what, (), accepts=True).findings

    assert (finding.code, finding.pages) == (code, (f"{PAGE}about",))


def test_people_read_each_kind_once_and_what_to_do_after_the_last_of_it():
    contacts = [("before_choice", f"https://{name}.net/") for name in ("one", "two")]
    what = seen(contacts=contacts)

    lines = list(as_lines(what, judge(what, (), accepts=True), [PAGE]))

    text = "\n".join(lines)
    assert text.count("Contacted, but not declared") == text.count("→ Find out what loads it") == 1
    assert "  1. one.net" in lines and "  2. two.net" in lines
    assert "2 findings" in lines
    assert max(map(len, lines)) <= 100
