"""What is committed to is computed from an exported record alone, and its bytes never change."""

from copy import deepcopy

import pytest

from consent_server import verification
from consent_server.ledger.canonical import canonical, digest
from consent_server.ledger.record import (
    MEMBERS,
    SUBJECT,
    both_parts,
    decision_part,
    exported,
    subject_part,
)

KEPT = {"decided_at": "2026-11-22T20:00:00.000Z", "expires_at": "2027-11-22T20:00:00.000Z"}


def choice(granted, n, ended=None):
    return {"granted": granted, **KEPT, "revision": 2, "ended": ended, "n": n}


def in_order(record):
    return deepcopy([record[name] for name in (*MEMBERS, *SUBJECT)])


CHANGED = {
    "site_id": "demo",
    "record_id": "AAECAwQFBgcICQoLDA0ODw",
    "previous": "EBESExQVFhcYGRobHB0eHw",
    "corrects": None,
    "event": "changed",
    "action": "save",
    "method": "preferences",
    "recorded_at": "2026-11-22T20:00:00.123Z",
    "expires_at": "2027-11-22T20:00:00.000Z",
    "duration": "P12M",
    "categories": {
        "necessary": choice(True, 3),
        "analytics": choice(False, 3, "withdrawn"),
        "marketing": choice(True, 2),
    },
    "services": {"stats": choice(False, 3)},
    "revision": 2,
    "bundle": "b" * 43,
    "build": "u" * 43,
    "language": "fr",
    "policy_version": "2026-03",
    "profile": "gdpr",
    "gpc": False,
    "trusted": True,
    "subject": "s" * 43,
    "n": 3,
    "superseded": False,
}
EXPIRED = {
    **CHANGED,
    "previous": None,
    "event": "expired",
    "action": None,
    "method": None,
    "categories": {"necessary": choice(True, None), "analytics": choice(False, None)},
    "services": {},
    "gpc": True,
    "subject": None,
    "n": None,
}


@pytest.mark.parametrize(
    "values, decision, subject",
    [
        (
            CHANGED,
            "7eP43FsssbsW3lpjP4OFuu7swUkuxywHqpnBH3tqPqM",
            "LSrYOpaFkSoatlazV6XVU-TCZTMGz5mCGBTZSoBid14",
        ),
        (
            EXPIRED,
            "tdrbXh06Y7RICCARKUVxgrQhKpBumpN3KvYZdcgadqY",
            "RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o",
        ),
    ],
    ids=["changed", "expired"],
)
def test_the_committed_bytes_are_those_of_the_first_version(values, decision, subject):
    whole = exported(values, with_subject=True)
    shown = exported(values, with_subject=False)

    assert digest(canonical(decision_part(whole))) == decision
    assert digest(canonical(decision_part(shown))) == decision
    assert digest(canonical(subject_part(whole))) == subject


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"corrects": "A" * 22, "superseded": True},
        {"services": {}, "method": "placeholder"},
        {"method": "gpc", "gpc": True},
        {"method": "import", "trusted": False},
        {"n": None, "subject": None, "services": {"stats": choice(True, None)}},
        {name: value for name, value in EXPIRED.items() if value != CHANGED[name]},
    ],
)
def test_both_parts_at_once_are_the_two_that_are_made_alone(changes):
    record = exported({**CHANGED, **changes}, with_subject=True)
    alone = decision_part(record), subject_part(record)

    made = both_parts(in_order(record))

    assert list(map(canonical, made)) == list(map(canonical, alone))


def test_without_the_subject_no_counter_is_left():
    shown = exported(CHANGED, with_subject=False)

    assert not {"subject", "n"} & shown.keys()
    assert all("n" not in choice for choice in shown["categories"].values())
    assert all("n" not in choice for choice in shown["services"].values())


@pytest.mark.parametrize("name", [name for name in CHANGED if name not in ("subject", "n")])
def test_no_member_of_a_decision_can_change_without_its_part(name):
    changed = {**CHANGED, name: None if CHANGED[name] is not None else "another"}
    if name in ("categories", "services"):
        changed[name] = {"marketing": choice(False, 2)}

    before = decision_part(exported(CHANGED, with_subject=False))

    assert decision_part(exported(changed, with_subject=False)) != before


def test_a_choice_that_is_no_object_is_refused():
    """A list of pairs says the same, and is not what was committed to."""
    pairs = {"marketing": list(choice(True, 2).items())}
    record = exported({**CHANGED, "categories": pairs}, with_subject=True)

    with pytest.raises(TypeError):
        decision_part(record)
    with pytest.raises(TypeError):
        both_parts(in_order(record))
    with pytest.raises(TypeError):
        verification.leaf_of_subject(record, {"decision_key": "A" * 43, "subject_key": "A" * 43})
