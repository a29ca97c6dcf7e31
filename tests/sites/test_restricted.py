"""A sealed proof that outlives an erasure: how a document says it, its bundle, its plan."""

import pytest

from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import DocumentInvalid
from consent_server.sites.plan import compare
from tests.erasing.legal import OTHER_KEY, REASON, keeping
from tests.sites.documents import BUILD, SHIPPED, a_document

#: Of the bundle of the minimal document but for its texts, made before there was such a key.
BEFORE = "a51pfCtoT8caD8Nd_f2z9E1t62xHXktj2-1FH9M9wa0"


def bundle(proof=None, previous=None, immaterial=False):
    changes = {} if proof is None else {"restricted_proof": proof}
    return build_bundle(a_document(**changes), SHIPPED, BUILD, previous, immaterial)


def plan(before, after, immaterial=False):
    first = bundle(before)
    return compare(first, bundle(after, first, immaterial))


def test_without_it_a_bundle_is_what_it_was_to_the_byte():
    made = {name: value for name, value in bundle().items() if name != "texts"}

    assert digest(canonical(made)) == BEFORE


def test_what_visitors_are_told_is_in_the_bundle():
    assert bundle(keeping())["restricted_proof"] == keeping()


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"months": 0}, "restricted_proof.months", "invalid_value"),
        ({"months": 61}, "restricted_proof.months", "invalid_value"),
        ({"months": True}, "restricted_proof.months", "invalid_value"),
        ({"key": "A" * 43}, "restricted_proof.key", "invalid_value"),  # nobody's: all zero
        ({"key": "short"}, "restricted_proof.key", "invalid_value"),
        ({"key": "é" * 43}, "restricted_proof.key", "invalid_value"),
        ({"reason": "one for all"}, "restricted_proof.reason", "invalid_value"),
        ({"reason": {"fr": "Seul."}}, "restricted_proof.reason.en", "missing_key"),
        ({"reason": {**REASON, "de": "Zu viel."}}, "restricted_proof.reason.de", "not_available"),
        ({"reason": {**REASON, "fr": "{date}"}}, "restricted_proof.reason.fr", "invalid_value"),
        ({"reason": {**REASON, "fr": "x" * 301}}, "restricted_proof.reason.fr", "invalid_value"),
        ({"reason": {**REASON, "fr": "two\nlines"}}, "restricted_proof.reason.fr", "invalid_value"),
        ({"shown": False}, "restricted_proof.shown", "unknown_key"),
    ],
)
def test_what_cannot_be_so_is_refused(changes, path, reason):
    with pytest.raises(DocumentInvalid) as refused:
        bundle({**keeping(), **changes})

    assert [(found["path"], found["reason"]) for found in refused.value.errors] == [(path, reason)]


@pytest.mark.parametrize("part", ["months", "key", "reason"])
def test_each_part_is_needed(part):
    said = keeping()
    del said[part]

    with pytest.raises(DocumentInvalid) as refused:
        bundle(said)

    assert [found["path"] for found in refused.value.errors] == [f"restricted_proof.{part}"]


@pytest.mark.parametrize(
    ("before", "after", "is_asked"),
    [
        (None, keeping(), True),
        (keeping(), keeping(months=37), True),
        (keeping(), keeping(reason={**REASON, "en": "For whatever we like."}), True),
        (keeping(), keeping(months=35), False),
        (keeping(), keeping(key=OTHER_KEY), False),
        (keeping(), None, False),
    ],
    ids=["added", "longer", "other reason", "shorter", "other key", "removed"],
)
def test_more_than_visitors_were_told_of_asks_them_again(before, after, is_asked):
    found = plan(before, after)

    [change] = found.changes
    assert change.path.startswith("restricted_proof")
    assert change.material is is_asked
    assert found.touched_categories == (("analytics", "marketing") if is_asked else ())


def test_an_immaterial_one_asks_nobody():
    found = plan(None, keeping(), immaterial=True)

    assert [change.material for change in found.changes] == [False]
    assert found.touched_categories == ()


def test_another_reader_alone_is_no_more_than_was_said():
    found = plan(keeping(), keeping(key=OTHER_KEY, months=37))

    assert {change.path: change.material for change in found.changes} == {
        "restricted_proof.months": True,
        "restricted_proof.key": False,
    }
