"""The kinds of value a document is made of: each says what it takes, why, and as JSON Schema.

marshmallow's own fields are lenient on purpose (``Boolean`` takes ``"yes"``, ``Integer`` takes
``1.0``, ``List`` takes an object); a consent service cannot be.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn
from urllib.parse import urlsplit

import marshmallow as ma

from consent_server.sites import durations, origins
from consent_server.sites.profiles import LONGEST_LIFETIME
from consent_server.web.strict_json import FORBIDDEN

REQUIRED = "is required"
NOT_AN_OBJECT = "must be an object of keys and values"

#: An address scheme in front: what follows would be pressed, not read.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MAIL = re.compile(r"mailto:[A-Za-z0-9.!#$&'*+/=^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
#: Visible ASCII without what RFC 3986 leaves out.
_URL = re.compile(r"""[^\x00-\x20\x7f-\U0010ffff"<>\\^`{|}]+""")
_HOST = re.compile(r"(\[[^]]*\]|[^:]*)(?::([1-9][0-9]{0,4}))?")


def messages(missing: str) -> dict[str, Any]:
    """Return what a field says where its value is empty or left out."""
    empty = "is empty; give a value or leave the key out"
    return {"null": empty, "required": f"{REQUIRED}: {missing}" if missing else REQUIRED}


class _Strict(ma.fields.Field[Any]):
    """A field that takes one type, says what it wants, and describes itself."""

    def __init__(self, *, about: str = "", missing: str = "", **options: Any):
        super().__init__(error_messages=messages(missing), **options)
        #: One sentence for people who write documents; also shown by their editors.
        self.about = about

    def _refuse(self, why: str) -> NoReturn:
        raise ma.ValidationError(why)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> Any:
        return self.read(value)

    def read(self, value: Any) -> Any:
        """Return the value in its one spelling.

        :raises ma.ValidationError: in plain words
        """
        return self._read(value)

    def json_schema(self) -> dict[str, Any]:
        """Return what an editor can check while one types; the rest is checked by ``plan``."""
        return self._json_schema()

    def _read(self, value: Any) -> Any:
        raise NotImplementedError

    def _json_schema(self) -> dict[str, Any]:
        raise NotImplementedError


class StrictBool(_Strict):
    """true or false, nothing that looks like it."""

    def _read(self, value: Any) -> bool:
        if value is True or value is False:
            return value
        self._refuse("must be true or false")

    def _json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class WholeNumber(_Strict):
    """An integer between two bounds, both included."""

    def __init__(self, least: int, most: int, **options: Any):
        super().__init__(**options)
        self.least = least
        self.most = most

    def _read(self, value: Any) -> int:
        if type(value) is int and self.least <= value <= self.most:
            return value
        self._refuse(f"must be a whole number from {self.least} to {self.most}")

    def _json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Text(_Strict):
    """One line of plain text in NFC, without invisible control characters."""

    def __init__(self, most: int = 200, **options: Any):
        super().__init__(**options)
        self.most = most

    def _read(self, value: Any) -> str:
        if not isinstance(value, str):
            is_unquoted = type(value) in (int, bool)
            hint = f'; put it in quotes: "{str(value).lower()}"' if is_unquoted else ""
            self._refuse(f"must be text{hint}")
        text = unicodedata.normalize("NFC", value.strip())
        if not any(unicodedata.category(char)[0] not in "ZC" for char in text):
            self._refuse("must not be empty")
        if len(text) > self.most:
            self._refuse(f"may have at most {self.most:,} characters, has {len(text):,}")
        if FORBIDDEN.search(text):
            self._refuse("must be one line without control or text-direction characters")
        return self._narrow(text)

    def _narrow(self, text: str) -> str:
        return text

    def _json_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


class Matching(Text):
    """Text of a fixed shape, such as an id."""

    def __init__(self, pattern: str, wants: str, **options: Any):
        super().__init__(**options)
        self.pattern = pattern
        self.wants = wants

    def _narrow(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            self._refuse(f"must be {self.wants}")
        return text

    def _json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}


class OneOf(Text):
    """One of a closed list."""

    def __init__(self, allowed: Collection[str], wants: str = "", **options: Any):
        super().__init__(**options)
        self.allowed = tuple(sorted(allowed) if isinstance(allowed, frozenset) else allowed)
        self.wants = wants or f"one of {', '.join(self.allowed)}"

    def _read(self, value: Any) -> str:
        # Other YAML readers make booleans of the words on and off before they write them again.
        word = "on" if value is True else "off" if value is False else None
        return word if word and word in self.allowed else super()._read(value)

    def _narrow(self, text: str) -> str:
        if text not in self.allowed:
            self._refuse(f"must be {self.wants}{did_you_mean(text, self.allowed)}")
        return text

    def _json_schema(self) -> dict[str, Any]:
        booleans = [word == "on" for word in ("on", "off") if word in self.allowed]
        if booleans:
            return {"enum": [*self.allowed, *booleans]}
        return {"type": "string", "enum": list(self.allowed)}


class Checked(Text):
    """Text that a function accepts or refuses with a ValueError in plain words."""

    def __init__(self, check: Callable[[str], Any], pattern: str = "", **options: Any):
        super().__init__(**options)
        self.check = check
        self.pattern = pattern

    def _narrow(self, text: str) -> str:
        try:
            self.check(text)
        except ValueError as error:
            self._refuse(str(error))
        return text

    def _json_schema(self) -> dict[str, Any]:
        pattern = {"pattern": f"^(?:{self.pattern})$"} if self.pattern else {}
        return {**super()._json_schema(), **pattern}


class ListOf(ma.fields.List[Any]):
    """A list of bounded length without repetitions."""

    def __init__(
        self,
        inner: ma.fields.Field[Any],
        most: int,
        *,
        least: int = 0,
        unique: str = "",
        **options: Any,
    ):
        self.about: str = options.pop("about", "")
        said = messages(options.pop("missing", ""))
        super().__init__(inner, error_messages=said, **options)
        self.least = least
        self.most = most
        #: The key by which two objects count as the same; values count as a whole.
        self.unique = unique

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> list[Any]:
        if not isinstance(value, list):
            raise ma.ValidationError("must be a list")
        if not self.least <= len(value) <= self.most:
            least = "at least one entry" if len(value) < self.least else ""
            raise ma.ValidationError(f"must hold {least or f'at most {self.most} entries'}")
        read: list[Any] = []
        refused: dict[int | str, Any] = {}
        for position, item in enumerate(value):
            try:
                read.append(self.inner.deserialize(item, **options))
            except ma.ValidationError as error:
                # A place is kept for what cannot be read, so that later findings count right.
                read.append({} if error.valid_data is None else error.valid_data)
                refused[position] = error.messages
        for position, name in self._repeated(read):
            refused.setdefault(position, {self.unique: [name]} if self.unique else [name])
        if refused:
            raise ma.ValidationError(refused, valid_data=read)
        return read

    def _repeated(self, items: list[Any]) -> list[tuple[int, str]]:
        seen: dict[Any, int] = {}
        repeated = []
        for position, item in enumerate(items):
            name = item.get(self.unique) if isinstance(item, dict) else item
            if isinstance(name, str) and seen.setdefault(name, position) != position:
                repeated.append((position, f"{name} is listed before, as number {seen[name] + 1}"))
        return repeated


def did_you_mean(written: str, allowed: Collection[str]) -> str:
    """Suggest the closest allowed word: ``; did you mean x?``, or nothing."""
    spelled = {word.lower(): word for word in allowed}
    close = get_close_matches(written.lower(), spelled, n=1, cutoff=0.6)
    return f"; did you mean {spelled[close[0]]}?" if close else ""


def check_url(text: str) -> None:
    """Refuse what is not an absolute https address (http only on this machine)."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in {"https", "http"} or not host or not _URL.fullmatch(text):
        raise ValueError('must be an address such as "https://shop.example/privacy"')
    if parts.scheme == "http" and not origins.is_loopback(host):
        raise ValueError("must begin with https:// (plain http only for localhost and 127.0.0.1)")
    if "@" in parts.netloc or port == 0:
        raise ValueError("must not hold a user name")
    if not origins.is_host(f"[{host}]" if ":" in host else host):
        raise ValueError(f"{host} is not a host name")


def check_contact(text: str) -> None:
    """Refuse what does not help visitors to reach somebody.

    Plain words ("privacy@shop.example", "Jane Doe, +33 1 00 00 00 00") are shown as they are; what
    looks like an address must be one that is safe to press.
    """
    if _SCHEME.match(text) and not _MAIL.fullmatch(text):
        check_url(text)


def check_host(text: str) -> None:
    """Refuse what is not ``host`` or ``host:port``."""
    found = _HOST.fullmatch(text)
    if found is None or not origins.is_host(found[1]) or int(found[2] or 1) > 65_535:
        raise ValueError(
            'must be a host such as "stats.example" or "127.0.0.1:8002": lower case, no scheme, '
            "no path, no wildcard, names in their xn-- form"
        )


def check_lifetime(text: str) -> None:
    """Refuse lifetimes that are none, or longer than the longest allowed one."""
    if text == "session":
        return
    try:
        seconds = durations.lifetime_seconds(text)
    except ValueError:
        raise ValueError('must be "session" or an ISO 8601 duration such as P13M or P30D') from None
    if seconds > durations.lifetime_seconds(f"P{LONGEST_LIFETIME}M"):
        raise ValueError(
            f"may be at most P{LONGEST_LIFETIME}M: what is read from a device is not kept longer "
            "(CNIL, audience measurement)"
        )
