"""Which witnesses have to have seen a checkpoint (c2sp.org/tlog-policy)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import COSIGNATURE, cosign
from consent_server.ledger.note import NoteKey
from consent_server.ledger.policy import Policy, PolicyInvalid

PRIVATE = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 8)]
KEYS = [
    NoteKey(f"w{n}.example", private.public_key().public_bytes_raw(), COSIGNATURE)
    for n, private in enumerate(PRIVATE)
]
LOG = NoteKey("consent.example/log/demo", PRIVATE[0].public_key().public_bytes_raw())
#: The example of the standard, with keys.
TWO_LEVELS = f"""# two organisations
log {LOG.vkey}

witness X1 {KEYS[1].vkey} https://x1.example/add/
witness X2 {KEYS[2].vkey}
\twitness  X3\t{KEYS[3].vkey}
group X-witnesses 2 X1 X2 X3

witness Y1 {KEYS[4].vkey}
witness Y2 {KEYS[5].vkey}
group Y-witnesses any Y1 Y2

  # both
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""

#: What is no policy, and what is said of it.
REFUSED = [
    ("", "no line says"),
    ("quorum X\n", "line 1: no line above defines X"),
    ("quorum none\nquorum none\n", "line 2: there is one quorum"),
    ("quorum none none\n", "there is one quorum"),
    (f"witness none {KEYS[1].vkey}\nquorum none\n", "the name none is taken"),
    (f"witness A {KEYS[1].vkey}\nwitness B {KEYS[1].vkey}\nquorum A\n", "this witness is"),
    (f"witness A {KEYS[1].vkey}\nwitness A {KEYS[2].vkey}\nquorum A\n", "the name A is taken"),
    (f"witness A {LOG.vkey}\nquorum A\n", "line 1: not a key of the type 04"),
    ("witness A\nquorum A\n", "a witness has a name, a key"),
    (f"log {KEYS[1].vkey}\nquorum none\n", "not a key of the type 01"),
    (f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n", "this log is there already"),
    ("log\nquorum none\n", "a log has a key"),
    (f"log {LOG.vkey}\nwitness A {KEYS[0].vkey}\nquorum A\n", "a log is no witness of itself"),
    (f"witness A {KEYS[0].vkey}\nlog {LOG.vkey}\nquorum A\n", "a log is no witness of itself"),
    ("group G any X\nquorum G\n", "no line above defines X"),
    (f"witness A {KEYS[1].vkey}\ngroup G any\nquorum G\n", "a group has a name"),
    (f"witness A {KEYS[1].vkey}\ngroup G 2 A\nquorum G\n", "more are asked for"),
    (f"witness A {KEYS[1].vkey}\ngroup G 0 A\nquorum G\n", "all, any, or a number"),
    (f"witness A {KEYS[1].vkey}\ngroup G 01 A\nquorum G\n", "all, any, or a number"),
    (f"witness A {KEYS[1].vkey}\ngroup G 1 A A\nquorum G\n", "A is in a group already"),
    (
        f"witness A {KEYS[1].vkey}\ngroup G 1 A\ngroup H 1 A G\nquorum H\n",
        "line 3: A is in a group already",
    ),
    (f"witness A {KEYS[1].vkey}\ngroup G any none\nquorum G\n", "no line above defines none"),
    ("witnesses A\n", "begins with none of"),
    ("quorum none\r\n", "control characters"),
    ("#" * 100_001, "larger than a policy"),
]


@pytest.mark.parametrize(
    ("seen", "is_met"),
    [
        ((), False),
        ((1, 2), False),
        ((1, 4), False),
        ((1, 2, 4), True),
        ((2, 3, 5), True),
        ((1, 2, 6), False),
        ((4, 5), False),
        ((1, 2, 3, 4, 5), True),
    ],
)
def test_a_quorum_of_two_levels(seen, is_met):
    assert Policy.parse(TWO_LEVELS).is_met(KEYS[n] for n in seen) is is_met


def test_what_a_policy_says():
    policy = Policy.parse(TWO_LEVELS)

    assert policy.logs == (LOG,)
    assert [(witness.name, witness.url) for witness in policy.witnesses] == [
        ("X1", "https://x1.example/add"),
        *((name, None) for name in ("X2", "X3", "Y1", "Y2")),
    ]


def test_only_the_witnesses_of_the_policy_have_seen_anything():
    head = Checkpoint("consent.example/log/demo", 1, b"\x01" * 32)
    lines = [cosign(head.text, KEYS[n].name, PRIVATE[n], 5).line for n in (1, 4, 6)]

    seen = Policy.parse(TWO_LEVELS).seen_by(head.sign(PRIVATE[0]) + "".join(lines))

    assert [cosignature.witness for cosignature in seen] == [KEYS[1], KEYS[4]]


def test_who_is_needed_and_how_many_there_are_at_least():
    policy = Policy.parse(TWO_LEVELS)
    all_of = "".join(f"witness W{n} {KEYS[n].vkey}\n" for n in (1, 2)) + "group G all W1 W2\n"

    assert ([one.name for one in policy.needed], policy.fewest) == ([], 3)
    both = Policy.parse(f"{all_of}quorum G\n")
    assert ([one.name for one in both.needed], both.fewest) == (["W1", "W2"], 2)
    assert Policy.parse("quorum none\n").fewest == 0


def test_none_asks_for_nobody():
    assert Policy.parse("quorum none\n").is_met([])


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_what_is_no_policy_is_refused_with_its_line(text, problem):
    with pytest.raises(PolicyInvalid, match=problem):
        Policy.parse(text)
