"""Requests with a body that was good before it was changed: its values, its text, its bytes.

Everything is drawn from one source of random numbers: the same seed sends the same bytes.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Members(list[tuple[Any, Any]]):
    """An object whose members may come twice, in any order, under names that are no texts."""


class Raw(str):
    """A piece of JSON, or of what is none, that is written as it is."""


@dataclass
class Sent:
    """A request as it is sent."""

    path: str
    body: bytes
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    #: Announced instead of the length of the body.
    length: str | None = None
    #: What was done to it, in order.
    done: list[str] = field(default_factory=list)


#: What takes the place of a value: pieces that readers differ in, break at, or take for another.
ODD = [
    *("null", "true", "false", "{}", "[]", '""', "0", "1", "-1", "-0", "2", "9007199254740991"),
    *("9007199254740992", "-9007199254740992", "1" * 400, "0.0", "1.0", "1e0", "1e400", "-1e400"),
    *("NaN", "Infinity", "-Infinity", "undefined", "0x10", "01", "+1", "1_000", ".5", "5.", "-"),
    *('"true"', '"1"', '"null"', '"demo"', '" save"', '"save\\u0000"', '"\\u0000"', '"\0"'),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\ufeff"', '"\\u202e"', '"e\\u0301"'),
    *('"\\u00e9"', '"\U0001f600"', '"\u0661"', '"%00"', '"\\x41"', '"\\', '"', "'save'", "//"),
    *('"../../etc/passwd"', '"\' OR 1=1 --"', '"<script>"', '"${7*7}"', '"A"', '"-"', '"=1+1"'),
    *('"2026-11-22T20:00:00Z"', '"2016-12-31T23:59:60Z"', '"0000-00-00T00:00:00Z"'),
    *('"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"2026-02-30T00:00:00Z"'),
    *('"2026-11-22T20:00:00.999999999Z"', '"2026-11-22t20:00:00z"', '"2026-11-22"', '"now"'),
    *("[" * 7 + "]" * 7, "[" * 9 + "]" * 9, "[" * 3000, '{"a":' * 1500, '{"a":{"a":{"a":1}}}'),
    *(f'"{one}"' for one in ("a" * 300, "\\u0061" * 43, "é" * 43, "A" * 43, "A" * 22, "A" * 5000)),
]
NAMES = ["__proto__", "constructor", "", "\0", "a" * 300, "n", "action", "token", "é", "e\u0301"]
NAMES += ["\ud800", "idempotency_key", "granted", "$ref", "a.b", "0", "Action", "action "]
TYPES = [
    *(None, "", "text/plain", "TEXT/PLAIN; charset=UTF-8", "text/plain; charset=utf-16"),
    *("application/json; charset=latin-1", "application/json;;;", "application/json, text/plain"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "*/*"),
    *("multipart/form-data; boundary=x", "application/problem+json", "application/json\t", "json"),
    *('text/plain; charset="', "application/json; charset=\xff", "a" * 1000, "application/cbor"),
]
PIECES = [
    *(b"\0", b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xc0\xaf"),
    *(b"\r\n", b"\t", b" ", b"\x0b", b"\xc2\xa0", b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\"),
    *(b"\\u0000", b"\\ud800", b"/*", b"<!--", b"\x1b[2J", b"e400", b".0", b"-", b"null", b"\x80"),
]
ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-7", "cp037"]


def members_of(value: Any) -> Any:
    """Return a JSON value whose objects can be spoiled."""
    if isinstance(value, dict):
        return Members((key, members_of(member)) for key, member in value.items())
    return [members_of(member) for member in value] if isinstance(value, list) else value


def spelled(value: Any) -> str:
    """Return the text of a value, spoiled or not."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Members):
        return "{" + ",".join(f"{spelled(k)}:{spelled(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    return json.dumps(value)


class Mutator:
    """Changes good requests.

    :param bad_headers: name → values that a request may carry in place of its own
    """

    def __init__(self, dice: random.Random, bad_headers: dict[str, list[str]]):
        self._dice = dice
        self._bad_headers = bad_headers
        self._on_values: list[Callable[[Any, int], None]] = [
            *(self._odd, self._odd, self._gone, self._added, self._doubled, self._renamed),
            *(self._wrapped, self._from_elsewhere),
        ]
        self._on_bytes = [self._flip, self._cut, self._insert, self._repeat, self._end]
        self._on_bytes.append(self._encode)
        self._on_the_rest = [self._type, self._type, self._header, self._length, self._asked]

    def request(self, value: dict[str, Any], **about: Any) -> Sent:
        """Return a request with this body, changed in up to three places; one in thirty in none."""
        dice = self._dice
        kinds = dice.choices(["values", "bytes", "rest"], [6, 3, 2], k=dice.choice([1, 1, 1, 2, 3]))
        if dice.randrange(30) == 0:
            kinds = []
        tree = members_of(value)
        done = [self._change_values(tree) for kind in kinds if kind == "values"]
        text = spelled(tree)
        if dice.randrange(8) == 0:
            text = text.replace(",", " ,\r\n\t").replace(":", " : ")
        sent = Sent(body=text.encode("utf-8", "surrogatepass"), done=done, **about)
        for kind in kinds:
            if kind != "values":
                change = dice.choice(self._on_bytes if kind == "bytes" else self._on_the_rest)
                change(sent)
                sent.done.append(change.__name__)
        return sent

    def spoil(self, sent: Sent) -> None:
        """Change the bytes of a body that is no JSON."""
        self._dice.choice(self._on_bytes)(sent)

    # -- values ---------------------------------------------------------------------------------

    def _change_values(self, tree: Members) -> str:
        place, at = self._dice.choice(list(_places(tree)) or [(tree, 0)])
        change = self._dice.choice(self._on_values) if place else self._added
        change(place, at)
        return change.__name__

    def _odd(self, place: Any, at: int) -> None:
        _put(place, at, Raw(self._dice.choice(ODD)))

    def _gone(self, place: Any, at: int) -> None:
        del place[at]

    def _added(self, place: Any, at: int) -> None:
        new = Raw(self._dice.choice(ODD))
        place.insert(at, (self._dice.choice(NAMES), new) if isinstance(place, Members) else new)

    def _doubled(self, place: Any, at: int) -> None:
        place.extend([place[at]] * self._dice.choice([1, 1, 1, 40, 600]))

    def _renamed(self, place: Any, at: int) -> None:
        if isinstance(place, Members):
            name = self._dice.choice([*NAMES, Raw("1"), Raw("null"), Raw("{}"), Raw("a")])
            place[at] = (name, place[at][1])

    def _wrapped(self, place: Any, at: int) -> None:
        old = _get(place, at)
        _put(place, at, self._dice.choice([[old], Members([("value", old)]), spelled(old)]))

    def _from_elsewhere(self, place: Any, at: int) -> None:
        other, there = self._dice.choice(list(_places(place)) or [(place, at)])
        _put(place, at, Raw(spelled(_get(other, there))))

    # -- bytes ----------------------------------------------------------------------------------

    def _flip(self, sent: Sent) -> None:
        changed = bytearray(sent.body)
        for _ in range(self._dice.choice([1, 1, 2, 8])):
            changed[self._dice.randrange(len(changed))] ^= 1 << self._dice.randrange(8)
        sent.body = bytes(changed)

    def _cut(self, sent: Sent) -> None:
        at = self._dice.randrange(len(sent.body))
        rest = sent.body[at + self._dice.randrange(20) :] if self._dice.randrange(2) else b""
        sent.body = sent.body[:at] + rest or b" "

    def _insert(self, sent: Sent) -> None:
        at = self._dice.randrange(len(sent.body) + 1)
        sent.body = sent.body[:at] + self._dice.choice(PIECES) + sent.body[at:]

    def _repeat(self, sent: Sent) -> None:
        size = self._dice.choice([2, 2, 2, 3, 20, 300])
        sent.body = (sent.body * size)[:70_000]

    def _end(self, sent: Sent) -> None:
        sent.body += self._dice.choice([b"\n", b" " * 9000, b"x", b"\0", b"{}", b" " * 66_000])

    def _encode(self, sent: Sent) -> None:
        text = sent.body.decode("utf-8", "replace")
        sent.body = text.encode(self._dice.choice(ENCODINGS), "replace")

    # -- what is around the body ----------------------------------------------------------------

    def _type(self, sent: Sent) -> None:
        sent.content_type = self._dice.choice(TYPES)

    def _header(self, sent: Sent) -> None:
        name = self._dice.choice(list(self._bad_headers))
        sent.headers = {**sent.headers, name: self._dice.choice(self._bad_headers[name])}

    def _length(self, sent: Sent) -> None:
        size = len(sent.body)
        odd = [size + 1, size + 9, max(size - 1, 0), 0, 10**6, "-1", "+5", "five", "", "1e3"]
        sent.length = str(self._dice.choice([*odd, "9" * 30, "0x5", "\u0665"]))

    def _asked(self, sent: Sent) -> None:
        queries = [
            "a=1",
            "site=demo",
            "%00=1",
            "n=1&n=2",
            "&",
            "%ff",
            "%e2%80%ae=1",
            "=",
            "a" * 3000,
        ]
        sent.query = self._dice.choice(queries)


def _places(value: Any) -> Any:
    """Yield every container in a value, with the place of each of its members."""
    if isinstance(value, list):
        for at in range(len(value)):
            yield value, at
            yield from _places(_get(value, at))


def _get(place: Any, at: int) -> Any:
    return place[at][1] if isinstance(place, Members) else place[at]


def _put(place: Any, at: int, value: Any) -> None:
    place[at] = (place[at][0], value) if isinstance(place, Members) else value
