"""Texts that are nearly a consent token: what somebody makes who has good ones, and no key.

Only the family ``respelled`` is signed by the service's own key, over bytes that say what it would
say but are not the one spelling that is accepted.
"""

import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from itsdangerous.encoding import base64_decode
from itsdangerous.signer import Signer

from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.tokens import KeyRing, issue
from consent_server.tokens.jws import Ed25519Algorithm
from tests.tokens.samples import EXPIRES, ISSUED, NOW, SITE, a_claims, a_header, signed

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: Order of the group of Ed25519: S and S + ORDER are one number to a careless verifier.
ORDER = 2**252 + 27742317777372353535851937790883648493
#: What somebody may think to be one character of base64url.
LOOKALIKES = {
    "-": "+\u2010\u2212",
    "_": "/\uff3f",
    "A": "\u0391\uff21",
    "0": "\u0660\uff10",
    ".": "\u3002",
}
#: The JSON inside, written by other hands.
RESPELLINGS: list[Callable[[bytes], bytes]] = [
    lambda text: b" " + text,
    lambda text: text + b"\n",
    lambda text: b"\xef\xbb\xbf" + text,
    lambda text: text.replace(b",", b", ", 1),
    lambda text: text.replace(b":", b": "),
    lambda text: b'{"aud":"other",' + text[1:],
    lambda text: text[:-1] + b',"aud":"demo"}',
    lambda text: text[:-1] + b',"exp":9007199254740991}',
    lambda text: text.replace(b"demo", b"\\u0064emo"),
    lambda text: text.replace(b"iat", b"\\u0069at"),
    lambda text: text.replace(b"true", b"1"),
    lambda text: text.replace(b'"exp":', b'"exp":1e9,"x":'),
    lambda text: json.dumps(dict(reversed(json.loads(text).items()))).replace(" ", "").encode(),
    lambda text: text.replace(b'"iss"', b'"nbf":0,"iss"'),
    lambda text: text.decode().encode("utf-16"),
    lambda text: b"[" + text + b"]",
]


@dataclass(frozen=True)
class Hands:
    """What an attacker may hold: good tokens of many kinds, the public keys, keys of their own."""

    ring: KeyRing
    #: Genuine, of this site, in force: nothing but these is to be believed.
    good: tuple[str, ...]
    #: Genuine, and to be refused: of another site, over, of the future, by a revoked key, by
    #: another installation.
    refused: tuple[str, ...]
    #: Ids of keys: revoked, next, of another installation, of nobody.
    kids: tuple[str, ...]

    @classmethod
    def fill(cls, folder: Path) -> "Hands":
        """Make key rings, turn them, and issue tokens with each key."""
        ring, stranger = (KeyRing.open(folder / name, NOW) for name in ("own", "stranger"))
        revoked = ring.active.kid
        refused = [issue(a_claims(), ring)]
        ring.rotate(NOW)
        ring.revoke(revoked, NOW)
        older = issue(a_claims(jti="B" * 22), ring)
        ring.rotate(NOW)
        later = int((NOW + timedelta(days=1)).timestamp())
        refused += [
            issue(a_claims(aud="other"), ring),
            issue(a_claims(exp=ISSUED + 1), ring),
            issue(a_claims(iat=later), ring),
            issue(a_claims(), stranger),
        ]
        (following,) = (key.kid for key in ring.token_keys() if key.state == "next")
        kids = (revoked, following, stranger.active.kid, "A" * 16, "", "../ring", "k" * 400)
        good = (
            issue(a_claims(), ring),
            older,
            issue(a_claims(jti="C" * 22, exp=EXPIRES - 1), ring),
        )
        return cls(ring, good, tuple(refused), kids)


class Forger:
    """Makes texts, none of them a good token."""

    def __init__(self, hands: Hands, dice: random.Random):
        self._hands = hands
        self._dice = dice
        self._own = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        self._public = hands.ring.active.public
        self.families: dict[str, Callable[[str], str]] = {
            "characters": self._characters,
            "bits": self._bits,
            "length": self._length,
            "segments": self._segments,
            "headers": self._headers,
            "claims": self._claims,
            "alphabets": self._alphabets,
            "respelled": self._respelled,
            "refused": self._refused,
            "other keys": self._other_keys,
            "signature": self._signature,
        }

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield texts without end, each with its family."""
        names = list(self.families)
        while True:
            name = self._dice.choice(names)
            text = self.families[name](self._dice.choice(self._hands.good))
            if text not in self._hands.good:
                yield name, text

    def _characters(self, token: str) -> str:
        dice = self._dice
        for _ in range(dice.choice([1, 1, 2, 3])):
            at = dice.randrange(len(token))
            hit = token[at]
            put = [chr(ord(hit) ^ 1 << dice.randrange(8)), chr(dice.randrange(0x300)), "", hit * 2]
            put += [
                dice.choice(ALPHABET),
                hit + dice.choice("=+/ \n.\0%"),
                hit.swapcase(),
                "\ud800",
            ]
            token = token[:at] + dice.choice(put) + token[at + 1 :]
        return token

    def _bits(self, token: str) -> str:
        parts, at = _decoded(token), self._dice.randrange(3)
        changed = bytearray(parts[at])
        changed[self._dice.randrange(len(changed))] ^= 1 << self._dice.randrange(8)
        return _text(*parts[:at], bytes(changed), *parts[at + 1 :])

    def _length(self, token: str) -> str:
        dice, at = self._dice, self._dice.randrange(len(token))
        other = dice.choice(self._hands.good)
        ways = [token[:at], token[at:], token[:at] + token[at + dice.randrange(9) + 1 :]]
        ways += [token + other, f"{token}.{other}", f"{token} {other}", f"{token},{other}"]
        ways += [token[:at] + other[at:], token + "." * dice.randrange(1, 4), token * 8]
        return dice.choice(ways)

    def _segments(self, token: str) -> str:
        dice = self._dice
        pool = [
            part for one in (*self._hands.good, *self._hands.refused) for part in one.split(".")
        ]
        parts = token.split(".")
        for _ in range(dice.choice([1, 1, 2])):
            parts[dice.randrange(3)] = dice.choice([*pool, "", parts[0], "e30"])
        return ".".join(parts)

    def _headers(self, token: str) -> str:
        """Say another algorithm or key; signed as that would be, by what is public or one's own."""
        dice = self._dice
        changes: dict[str, Any] = {}
        for _ in range(dice.choice([1, 1, 2])):
            name = dice.choice(["alg", "kid", "typ", "crit", "jwk", "jku", "b64", "x5u"])
            changes[name] = dice.choice(self._header_values(name))
        header = _header(self._hands, **changes)
        _, payload, signature = token.split(".")
        covered = f"{base64url_encode(header)}.{payload}"
        own = self._own.sign(covered.encode())
        by_public = hmac.digest(self._public, covered.encode(), hashlib.sha256)
        made = ["", signature, base64url_encode(own), base64url_encode(by_public)]
        return f"{covered}.{dice.choice(made)}"

    def _header_values(self, name: str) -> list[Any]:
        own = self._own.public_key().public_bytes_raw()
        return {
            "alg": [
                "none",
                "None",
                "",
                "HS256",
                "ES256",
                "RS256",
                "Ed25519",
                "eddsa",
                None,
                0,
                ["EdDSA"],
            ],
            "kid": [*self._hands.kids, None, 0, [], {"kid": "a"}],
            "typ": ["JWT", "consent+JWT", "", None, "application/consent+jwt", "log+jwt"],
            "crit": [[], ["b64"], ["exp"], "exp"],
            "jwk": [{"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(own)}],
            "b64": [False, True],
        }.get(name, ["https://evil.example/jwks.json"])

    def _claims(self, token: str) -> str:
        """Say something better with the signature of something else, or with one's own."""
        dice = self._dice
        header, payload, signature = token.split(".")
        said = json.loads(base64_decode(payload))
        everything = {name: {"granted": True, "at": ISSUED} for name in ("analytics", "marketing")}
        changes = dice.choice(
            [
                {"categories": everything},
                {"exp": EXPIRES + dice.randrange(1, 999)},
                {"jti": base64url_encode(dice.randbytes(16))},
                {"iss": "https://evil.example"},
                {"iat": ISSUED - dice.randrange(1, 999)},
                {"aud": [SITE]},
            ]
        )
        covered = f"{header}.{base64url_encode(canonical({**said, **changes}))}"
        own = base64url_encode(self._own.sign(covered.encode()))
        return f"{covered}.{dice.choice([signature, own, 'A' * 86])}"

    def _alphabets(self, token: str) -> str:
        """Spell the same bytes, or the same characters, in another way."""
        dice, parts = self._dice, token.split(".")
        at = dice.randrange(3)
        part = parts[at]
        last = ALPHABET.index(part[-1])
        put = dice.randrange(len(part))
        ways = [f"{part}{'=' * dice.randrange(1, 4)}", f"{part}\n", f" {part}", f"{part}!!!!"]
        ways += [part[:put] + dice.choice(" \t\r\n\0=%~\u200b\xad") + part[put:]]
        ways += [part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)]
        ways += [part[:-1] + ALPHABET[last ^ dice.choice([1, 2, 3, 4, 8, 12])]]
        ways += [part[:put] + f"%{ord(part[put]):02x}" + part[put + 1 :]]
        ways += [part[:put] + dice.choice(LOOKALIKES.get(part[put], "\uff01")) + part[put + 1 :]]
        ways += ["".join(chr(ord(sign) + 0xFEE0) for sign in part)]
        parts[at] = dice.choice(ways)
        return dice.choice(["{}", "{}", "{}", '"{}"', "Bearer {}", "{}\x00", "\ufeff{}"]).format(
            ".".join(parts)
        )

    def _respelled(self, token: str) -> str:
        header, payload, _ = _decoded(token)
        ring = self._hands.ring
        respell = self._dice.choice(RESPELLINGS)
        if self._dice.randrange(4):
            payload = respell(payload)
        else:
            header = respell(header)
        return signed(ring, header, payload)

    def _refused(self, _token: str) -> str:
        return self._dice.choice(self._hands.refused)

    def _other_keys(self, token: str) -> str:
        """Sign the same with keys that are derived otherwise, or made by somebody."""
        dice, key = self._dice, self._hands.ring.active
        covered = token.rpartition(".")[0]
        salt = dice.choice([b"itsdangerous.Signer", b"consent", b"", dice.randbytes(4)])
        way = dice.choice(["concat", "django-concat", "hmac", "none"])
        maker = partial(Signer, sep=".", salt=salt, key_derivation=way)
        ways = [maker(key.public, digest_method=hashlib.sha256)]
        if way in ("concat", "django-concat", "hmac"):
            shape: dict[str, Any] = {"digest_method": hashlib.sha256}
            ways.append(maker(key.public, algorithm=Ed25519Algorithm(), **shape))
        return dice.choice(ways).sign(covered).decode()

    def _signature(self, token: str) -> str:
        """Another number or point for the same signature."""
        dice, parts = self._dice, _decoded(token)
        point, scalar = parts[2][:32], int.from_bytes(parts[2][32:], "little")
        scalars = [scalar + ORDER, ORDER - scalar, 0, 1, ORDER, scalar ^ 1 << dice.randrange(256)]
        if scalar + dice.randrange(2, 9) * ORDER < 2**256:
            scalars.append(scalar + dice.randrange(2, 9) * ORDER)
        points = [point, point, bytes(32), b"\x01" + bytes(31), self._public, point[::-1]]
        number = dice.choice(scalars) % 2**256
        return _text(*parts[:2], dice.choice(points) + number.to_bytes(32, "little"))


def _decoded(token: str) -> list[bytes]:
    return [base64_decode(part) for part in token.split(".")]


def _text(*parts: bytes) -> str:
    return ".".join(map(base64url_encode, parts))


def _header(hands: Hands, **changes: Any) -> bytes:
    return json.dumps(a_header(hands.ring, **changes), separators=(",", ":")).encode()
