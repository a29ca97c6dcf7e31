"""Third-party consent interfaces: which there are, how a site switches them on, what is published.

A vendor whose tag has no consent call has no setting here: its tag is held back instead
(docs/signals.md). ``widget/src/signals/<id>.ts`` tells each of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from consent_server.sites.document import closed_lists, fields
from consent_server.sites.document.fields import (
    Checked,
    ListOf,
    Matching,
    OneOf,
    StrictBool,
    WholeNumber,
)
from consent_server.sites.document.findings import Finding
from consent_server.sites.document.objects import Nested, Strict

#: What signals tell apart; a site's own category can stand for each.
ROLES = ("functional", "analytics", "marketing")

#: Fewest characters of an acknowledgement: a reason, not a tick.
SHORTEST_REASON = 20


@dataclass(frozen=True)
class Signal:
    """One third-party consent interface."""

    #: Name of the setting, of the widget's file, and of the row in docs/signals.md.
    id: str
    about: str
    #: The categories that it is told about.
    roles: tuple[str, ...]
    #: What can be written, ``off`` last.
    words: tuple[str, ...] = closed_lists.SWITCH


_GOOGLE = Signal(
    "google_consent_mode", "Google consent mode v2.", ROLES, closed_lists.GOOGLE_CONSENT_MODES
)
SIGNALS: tuple[Signal, ...] = (
    _GOOGLE,
    Signal("microsoft_uet", "Microsoft Advertising.", ("marketing",)),
    Signal("microsoft_clarity", "Microsoft Clarity.", ("analytics", "marketing")),
    Signal(
        "matomo",
        "Matomo: on asks before tracking, cookies only before cookies.",
        ("analytics",),
        ("on", "cookies", "off"),
    ),
    Signal("meta", "Meta's pixel.", ("marketing",)),
    Signal("tiktok", "TikTok's pixel.", ("marketing",)),
    Signal("pinterest", "Pinterest's tag.", ("marketing",)),
    Signal("hubspot", "HubSpot's tracking code.", ROLES),
    Signal("segment", "Segment's analytics.js.", ROLES),
    Signal("posthog", "PostHog.", ("analytics",)),
    Signal("shopify", "Shopify's customer privacy API.", ROLES),
    Signal("wp_consent_api", "The WP Consent API, for WordPress plugins.", ROLES),
    Signal("data_layer", "A plain dataLayer event, for tag managers.", ()),
)

#: Countries of the European Economic Area, ISO 3166-1.
EEA = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI",
    "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
    "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
]  # fmt: skip
_REGION = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")


def check_region(text: str) -> None:
    """Refuse what is neither ``EEA`` nor a code of ISO 3166.

    :raises ValueError: in words for whoever wrote it
    """
    code = _REGION.fullmatch(text)
    if text != "EEA" and not (code and code[1] in closed_lists.COUNTRIES):
        raise ValueError("must be EEA, a country such as FR, or a part of one such as US-CA")


def check_reason(text: str) -> None:
    """Refuse a reason that is too short to be one.

    :raises ValueError: in words for whoever wrote it
    """
    if len(text) < SHORTEST_REASON:
        raise ValueError(f"must say why, in at least {SHORTEST_REASON} characters")


class GoogleSchema(Strict):
    """Google consent mode in full."""

    mode = OneOf(
        closed_lists.GOOGLE_CONSENT_MODES,
        required=True,
        about="basic: Google's tags wait for consent. advanced: they send pings before it.",
    )
    acknowledged = Checked(
        check_reason,
        f"[\\s\\S]{{{SHORTEST_REASON},}}",
        most=1_000,
        about="Why advanced is allowed to send before consent; not published.",
    )
    regions = ListOf(
        Checked(check_region, f"EEA|{_REGION.pattern}", most=6),
        60,
        about="Regions that get a default of their own, as denied as everywhere else.",
    )
    wait_for_update = WholeNumber(
        0, 10_000, about="Milliseconds that tags wait while an earlier grant is checked."
    )
    ads_data_redaction = StrictBool(about="Whether ad clicks are redacted while denied.")
    url_passthrough = StrictBool(about="Whether ad clicks are passed on in addresses.")


class WordOrObject(Nested):
    """One of a list of words, or an object that says more."""

    def __init__(self, nested: type[ma.Schema], words: OneOf, **options: Any):
        super().__init__(nested, words.about, **options)
        self.words = words

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, *rest: Any, **more: Any
    ) -> Any:
        if isinstance(value, dict):
            return super()._deserialize(value, attr, data, *rest, **more)
        return self.words.read(value)

    def json_schema(self, described: dict[str, Any]) -> dict[str, Any]:
        """Describe both forms.

        :param described: the JSON Schema of the object; its keywords say nothing about words
        """
        described.pop("type")
        words = [word for word in self.words.allowed if word != "advanced"]
        needs_reason = {"properties": {"mode": {"const": "advanced"}}, "required": ["mode"]}
        return {
            "anyOf": [{"enum": [*words, False]}, {"type": "object"}],
            **described,
            "if": {"type": "object", **needs_reason},
            "then": {"required": ["acknowledged"]},
        }


class RolesSchema(Strict):
    """The site's own categories that stand for what signals tell apart."""

    functional = Matching(closed_lists.ID, "the id of a category", about="Instead of functional.")
    analytics = Matching(closed_lists.ID, "the id of a category", about="Instead of analytics.")
    marketing = Matching(closed_lists.ID, "the id of a category", about="Instead of marketing.")


def _field(signal: Signal) -> Any:
    words = OneOf(signal.words, load_default="off", about=signal.about)
    return WordOrObject(GoogleSchema, words, load_default="off") if signal is _GOOGLE else words


class SignalsSchema(
    Strict.from_dict({signal.id: _field(signal) for signal in SIGNALS})  # type: ignore[misc]
):
    """Third-party consent interfaces."""

    categories = Nested(RolesSchema, about="Own categories that stand for the usual ones.")

    @ma.post_load
    def without_what_is_off(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Keep what is switched on."""
        return {key: value for key, value in data.items() if not _is_off(value)}


def _is_off(setting: Any) -> bool:
    return setting in ("off", {}) or (isinstance(setting, dict) and setting.get("mode") == "off")


def broken_signal_rules(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield every breach of a rule between signals and the rest of a document."""
    signals = data.get("signals", {})
    google = signals.get("google_consent_mode")
    said = google if isinstance(google, dict) else {"mode": google}
    if said.get("mode") == "advanced" and "acknowledged" not in said:
        message = (
            "advanced lets Google's tags send pings before anybody has consented (ePrivacy Art. "
            "5(3), EDPB guidelines 2/2023); if that is allowed, say why: {mode: advanced, "
            f'acknowledged: "…"}}, at least {SHORTEST_REASON} characters'
        )
        path = "signals.google_consent_mode"
        path += ".acknowledged" if isinstance(google, dict) else ""
        yield Finding(path, message, "acknowledgement_missing")
    categories = [item for item in data.get("categories") or [] if isinstance(item, dict)]
    asked = [item["id"] for item in categories if "id" in item and not item.get("required")]
    for role, own in (signals.get("categories") or {}).items():
        path = f"signals.categories.{role}"
        if role in asked and own != role:
            message = f"there is a category {role}: it stands for itself"
            yield Finding(path, message, "category_stands_for_itself")
        elif own is not None and own not in asked:
            hint = fields.did_you_mean(own, asked)
            yield Finding(path, f"nobody is asked about a category {own}{hint}", "category_unknown")


def signal_warnings(
    signals: Mapping[str, Any], categories: Mapping[str, bool]
) -> Iterator[Finding]:
    """Yield what a valid document could say better about signals.

    :param categories: id → whether it is required
    """
    own = signals.get("categories", {})
    asked = {name for name, required in categories.items() if not required}
    for signal in SIGNALS:
        heard = {own.get(role, role) for role in signal.roles}
        if signal.id in signals and heard and not heard & asked:
            names = " or ".join(sorted(signal.roles))
            message = f"will always be told no: there is no category {names}"
            yield Finding(f"signals.{signal.id}", message, "signal_without_category")
    google = signals.get("google_consent_mode")
    if isinstance(google, dict) and google.get("url_passthrough"):
        message = "puts ad clicks into addresses before consent (EDPB guidelines 2/2023)"
        yield Finding("signals.google_consent_mode.url_passthrough", message, "before_consent")
    if signals.get("matomo") == "cookies":
        message = (
            "Matomo measures before consent, without cookies; that needs a ground of its own, such "
            "as the exemption for audience measurement (CNIL guidelines 2020-091, Art. 5)"
        )
        yield Finding("signals.matomo", message, "before_consent")


def published(signals: Mapping[str, Any], asked: list[str]) -> dict[str, Any]:
    """Return what a bundle says of signals: only what is on, as the widget needs it.

    :param asked: ids of the optional categories, in order
    """
    public = dict(signals)
    google = public.get("google_consent_mode")
    if isinstance(google, dict):
        said = {key: value for key, value in google.items() if key != "acknowledged"}
        if "regions" in said:
            said["regions"] = [EEA if code == "EEA" else [code] for code in said["regions"]]
        public["google_consent_mode"] = said if said.keys() != {"mode"} else said["mode"]
    if "data_layer" in public:
        public["data_layer"] = asked
    return public
