"""A site's configuration document as typed values; how it is written is docs/site-document.md."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Controller:
    """Who decides why and how data is processed (GDPR Art. 13(1)(a) and (b))."""

    name: str
    address: str
    #: ``https:`` or ``mailto:``, as is ``dpo``.
    contact: str
    dpo: str | None = None


@dataclass(frozen=True)
class Authority:
    """Where visitors can complain (GDPR Art. 13(2)(d))."""

    name: str
    url: str


@dataclass(frozen=True)
class Policy:
    """The site's privacy policy and the version that is in force."""

    url: str
    version: str


@dataclass(frozen=True)
class Languages:
    """BCP 47 tags; the default is one of the available ones."""

    default: str
    available: tuple[str, ...]


@dataclass(frozen=True)
class Category:
    """A purpose that is asked for, or one that is required and then says why."""

    id: str
    required: bool = False
    #: One of the closed list of reasons, only and always on a required category.
    reason: str | None = None
    #: Whether Global Privacy Control is a no to it; None on a required category.
    gpc: bool | None = None


@dataclass(frozen=True)
class Store:
    """Something that a service keeps on, or reads from, the visitor's device."""

    #: May hold ``*`` for any run of characters.
    name: str
    #: cookie, local_storage, …: the closed list of kinds.
    kind: str
    #: ISO 8601 duration of at most 25 months, or ``session``.
    lifetime: str
    #: A cookie that no script can see or delete.
    http_only: bool = False


@dataclass(frozen=True)
class Service:
    """A vendor or tool, always within one category."""

    id: str
    name: str
    category: str
    #: ISO 3166-1 alpha-2.
    country: str
    #: One for all languages, or one for each.
    data: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    stores: tuple[Store, ...]
    #: Whether others can read what it stores.
    shared: bool
    #: None: the site runs it on its own hosts, and its own policy stands for it.
    policy_url: str | None = None
    #: ``host`` or ``host:port``.
    hosts: tuple[str, ...] = ()

    def data_in(self, language: str) -> tuple[str, ...]:
        """Return the kinds of data in one of the site's languages."""
        return self.data[language] if isinstance(self.data, Mapping) else self.data


@dataclass(frozen=True)
class Theme:
    """The only things a site can say about the looks; both answers share them."""

    layout: str = "bar"
    #: One of the layout's; its first when None.
    position: str | None = None
    #: ``auto`` follows the visitor's device; ``light`` and ``dark`` do not.
    scheme: str = "auto"
    #: Colours are ``#rrggbb``, lower-case.
    accent: str = "#2563eb"
    #: Made from ``accent`` when None.
    accent_dark: str | None = None
    background: str | None = None
    background_dark: str | None = None
    #: Corner radius in CSS pixels, 0 to 24.
    radius: int = 12
    #: ``site`` or ``system``.
    font: str = "site"
    #: ``medium`` or ``large``, of the visitor's own setting.
    text_size: str = "medium"


@dataclass(frozen=True)
class RestrictedProof:
    """That a sealed proof outlives an erasure, for legal claims alone (GDPR Art. 17(3)(e))."""

    #: 1 to 60, from the erasure on.
    months: int
    #: X25519 public key of whoever may read it, 43 characters base64url.
    key: str
    #: Language → why; each language of the site.
    reason: Mapping[str, str]


@dataclass(frozen=True)
class SiteDocument:
    """Everything a site's owner decides. Built by :func:`load_document` alone, so always valid."""

    site: str
    name: str
    #: Private: never part of a published bundle.
    origins: tuple[str, ...]
    controller: Controller
    authority: Authority
    storage_region: str
    policy: Policy
    languages: Languages
    categories: tuple[Category, ...]
    services: tuple[Service, ...]
    profile: str
    #: ``PnM``, at least P6M and at most the profile's.
    reprompt_after: str
    #: ``PnM``, at least ``reprompt_after`` and at most P24M.
    record_retention: str
    #: Only what is switched on: setting → word, or object of what differs; see ``signals.py``.
    signals: Mapping[str, Any] = field(default_factory=dict)
    theme: Theme = field(default_factory=Theme)
    #: The host name whose sub-domains share one choice; each host has its own when None.
    cookie_domain: str | None = None
    #: ``reload`` or ``continue`` after scripts that ran on a page have lost their consent.
    on_withdrawal: str = "reload"
    #: Whether children are meant; such a site asks for nothing.
    directed_to_children: bool = False
    #: Nothing is kept when None.
    restricted_proof: RestrictedProof | None = None
    #: Language → slot → text; only what the site replaces.
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the document in JSON-ready form, defaults filled in; it validates to itself."""
        plain: dict[str, Any] = _without_none(asdict(self))
        return plain


def _without_none(value: Any) -> Any:
    """Turn tuples into lists and leave out what was not given."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value]
    return value
