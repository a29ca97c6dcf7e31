"""A plan: what publishing would change, in plain words, and whose consent it would end."""

import json

from hypothesis import given, settings
from hypothesis import strategies as some

from consent_server.sites.bundle import build_bundle
from consent_server.sites.plan import compare
from tests.sites.documents import BUILD, SHIPPED, a_document, a_service, a_value, values


def _plan(before, after, immaterial=False):
    first = build_bundle(a_document(**before), SHIPPED, BUILD, None)
    return compare(first, build_bundle(a_document(**after), SHIPPED, BUILD, first, immaterial))


def test_the_same_document_leaves_nothing_to_publish():
    plan = _plan({"services": [a_service()]}, {"services": [a_service()]})

    assert plan.nothing_to_publish
    assert plan.lines() == ["nothing to publish: revision 1 says the same"]


def test_the_first_publication_asks_nobody_again():
    plan = compare(None, build_bundle(a_document(), SHIPPED, BUILD, None))

    assert not plan.nothing_to_publish
    assert (plan.previous_revision, plan.revision) == (None, 1)
    assert plan.touched_categories == ("analytics", "marketing")
    assert plan.lines() == [
        "  + first publication of shop",
        "Nobody was asked before, so nobody is asked again.",
    ]


def test_a_new_service_is_announced_with_the_category_it_makes_stale():
    plan = _plan({}, {"services": [a_service()]})

    assert plan.lines() == [
        "! + service Stats (stats) added to analytics",
        "Earlier consent becomes stale for: analytics",
    ]
    assert (plan.touched_categories, plan.touched_services) == (("analytics",), ("stats",))


def test_every_change_says_where_what_it_was_and_what_it_will_be():
    plan = _plan(
        {"services": [a_service()], "texts": {"fr": {"category.marketing.text": "Pub."}}},
        {"services": [a_service(country="US")], "name": "New shop", "profile": "fr-cnil"},
    )

    changes = {change.path: change for change in plan.changes}

    assert set(changes) == {
        "name", "profile", "reprompt_after", "services.stats.country",
        "texts.fr.category.marketing.text",
    }  # fmt: skip
    assert (changes["name"].old, changes["name"].new) == ("Shop", "New shop")
    assert changes["name"].text == '~ name: Shop → "New shop"'
    assert not changes["name"].material
    assert changes["services.stats.country"].material
    assert changes["texts.fr.category.marketing.text"].material
    assert plan.touched_categories == ("analytics", "marketing")


def test_removing_makes_nothing_stale():
    plan = _plan({"services": [a_service()]}, {"categories": a_value()["categories"][::2]})

    assert [change.text for change in plan.changes if change.path.startswith("c")] == [
        f"- category {SHIPPED['fr']['category.analytics.title']} (analytics) removed"
    ]
    assert "- service Stats (stats) removed from analytics" in [c.text for c in plan.changes]
    assert plan.lines()[-1] == "No consent becomes stale."


def test_an_immaterial_change_is_shown_and_makes_nothing_stale():
    controller = {**a_value()["controller"], "address": "Lyon"}

    plan = _plan({}, {"controller": controller}, immaterial=True)

    assert plan.lines() == ["  ~ controller.address: Paris → Lyon", "No consent becomes stale."]


def test_another_controller_makes_every_optional_category_stale():
    controller = {**a_value()["controller"], "name": "Other", "dpo": "mailto:d@shop.example"}

    plan = _plan({}, {"controller": controller})

    assert plan.touched_categories == ("analytics", "marketing")
    assert all(change.material for change in plan.changes)


def test_another_order_of_categories_is_a_change_that_makes_nothing_stale():
    plan = _plan({}, {"categories": a_value()["categories"][::-1]})

    assert [change.path for change in plan.changes] == ["categories"]
    assert plan.touched_categories == ()


@settings(max_examples=100)
@given(values(), values(), some.booleans())
def test_a_plan_shows_a_change_exactly_when_the_bundles_differ(one, other, immaterial):
    first = build_bundle(a_document(**one), SHIPPED, BUILD, None)
    second = build_bundle(a_document(**other), SHIPPED, BUILD, first, immaterial)

    plan = compare(first, second)

    assert plan.nothing_to_publish == (_without_revisions(first) == _without_revisions(second))
    assert not plan.touched_categories or any(c.material for c in plan.changes)
    assert any("\n" in line for line in plan.lines()) is False
    json.dumps(plan.as_dict())


def _without_revisions(bundle):
    if isinstance(bundle, dict):
        kept = {key: value for key, value in bundle.items() if key not in {"since", "revision"}}
        return {key: _without_revisions(value) for key, value in kept.items()}
    return [_without_revisions(item) for item in bundle] if isinstance(bundle, list) else bundle


def test_a_document_can_be_published_again_when_a_later_one_was_lost():
    first = build_bundle(a_document(), SHIPPED, BUILD, None)
    again = build_bundle(a_document(), SHIPPED, BUILD, first, immaterial=True, lost=2)

    plan = compare(first, again, lost=2)

    assert (plan.revision, plan.touched_categories) == (3, ("analytics", "marketing"))
    assert plan.lines()[0] == (
        "! ~ publications up to revision 2 were lost: consent to them covers nothing"
    )
    after = build_bundle(a_document(), SHIPPED, BUILD, again, lost=2)
    assert compare(again, after, lost=2).nothing_to_publish
