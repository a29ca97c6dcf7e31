"""A changed token is refused, whatever was changed, and this test would notice if it were not."""

import json
import random

from itsdangerous import BadSignature
from itsdangerous.encoding import base64_decode

from consent_server.tokens import TokenRefused, issue, verify
from tests.tokens.samples import NOW, SITE, a_claims

MUTATIONS = 20_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def mutated(token, dice):
    """The token after one random change of a bit, a character or a segment."""
    place = dice.randrange(len(token))
    before, hit, after = token[:place], token[place], token[place + 1 :]
    segments = token.split(".")
    segment = dice.randrange(3)
    match dice.randrange(9):
        case 0:
            return before + chr(ord(hit) ^ 1 << dice.randrange(8)) + after
        case 1:
            return before + chr(dice.randrange(256)) + after
        case 2:
            return before + dice.choice(ALPHABET) + after
        case 3:
            return before + after
        case 4:
            return before + hit + dice.choice(ALPHABET + "=+/ \n.") + after
        case 5:
            segments[segment] = segments[segment][:-1] + dice.choice(ALPHABET)
        case 6:
            segments[segment] += dice.choice(["=", "==", "A", "AAAA", "!!!!", "\n"])
        case 7:
            segments[segment] = segments[dice.randrange(3)]
        case _:
            segments[segment] = segments[segment].swapcase()
    return ".".join(segments)


def is_believed(token, ring):
    try:
        verify(token, ring, SITE, NOW)
    except TokenRefused:
        return False
    return True


def is_believed_leniently(token, ring):
    """The same without the check that there is one spelling only."""
    try:
        text = ring.active.verifier.unsign(token)
        return json.loads(base64_decode(text.split(b".")[1]))["aud"] == SITE
    except (BadSignature, ValueError):
        return False


def test_no_mutation_is_believed(ring):
    token = issue(a_claims(), ring)
    dice = random.Random(6962)
    changed = [text for text in (mutated(token, dice) for _ in range(MUTATIONS)) if text != token]

    believed = [text for text in changed if is_believed(text, ring)]
    leniently = [text for text in changed if is_believed_leniently(text, ring)]

    assert len(changed) > MUTATIONS * 0.9
    assert believed == []
    assert is_believed(token, ring)
    # Without the check some would pass: the mutations reach the weak spot.
    assert leniently
    assert all(map(is_believed_leniently, [token], [ring]))
