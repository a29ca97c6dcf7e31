"""The shape of a document: which keys there are, and what each takes."""

from consent_server.sites import durations
from consent_server.sites.document import closed_lists, fields
from consent_server.sites.document.fields import (
    Checked,
    ListOf,
    Matching,
    OneOf,
    StrictBool,
    Text,
)
from consent_server.sites.document.objects import Nested, Strict
from consent_server.sites.document.restricted import RestrictedProofSchema
from consent_server.sites.document.signals import SignalsSchema
from consent_server.sites.document.texts import InEachLanguage, Texts
from consent_server.sites.document.theme import ThemeSchema
from consent_server.sites.origins import check_cookie_domain, parse_origin
from consent_server.sites.profiles import DEFAULT_PROFILE, PROFILES

_ID_WANTS = "lower-case letters, digits, - and _, beginning with a letter, at most 40"
_COUNTRY_WANTS = "the code of a country in ISO 3166-1, such as FR, in capitals"
_REGION_WANTS = "EU, or the code of a country in ISO 3166-1, such as FR, in capitals"

#: Most entries of each list.
MOST_CATEGORIES = 32
MOST_SERVICES = 500
MOST_ORIGINS = 100


def web_address(about: str, *, required: bool = False) -> Checked:
    """Make a field for an address that visitors can open."""
    return Checked(fields.check_url, "https?://.+", most=2_000, required=required, about=about)


def way_to_reach(about: str, *, required: bool = False) -> Checked:
    """Make a field for a way to reach somebody."""
    pattern = r"https?://.+|mailto:.+@.+|(?![A-Za-z][A-Za-z0-9+.\-]*:).+"
    return Checked(fields.check_contact, pattern, most=2_000, required=required, about=about)


def _told(article: str) -> str:
    """Say of a key why visitors are told what it holds."""
    return f"visitors are told before they decide (GDPR Art. {article}; CJEU C-673/17, Planet49)"


def whole_months(about: str) -> Checked:
    """Make a field for a duration in whole months."""
    return Checked(durations.months, durations.MONTHS.pattern, about=about)


class ControllerSchema(Strict):
    """Who decides why and how data is processed."""

    name = Text(required=True, about="Who decides why and how data is processed.")
    address = Text(500, required=True, about="Postal address, on one line.")
    contact = way_to_reach(
        "How to reach the controller: mail address, https address or plain words.", required=True
    )
    dpo = way_to_reach("How to reach the data protection officer, in the same forms.")


class AuthoritySchema(Strict):
    """Who hears complaints."""

    name = Text(required=True, about="The supervisory authority that hears complaints.")
    url = web_address("Where visitors can complain.", required=True)


class PolicySchema(Strict):
    """The privacy policy."""

    url = web_address("The site's privacy policy.", required=True)
    version = Text(64, required=True, about="The version of the policy that is in force.")


class LanguagesSchema(Strict):
    """The languages of the banner."""

    default = OneOf(
        closed_lists.LANGUAGES,
        required=True,
        about="Used when no language of the visitor is there.",
    )
    available = ListOf(
        OneOf(closed_lists.LANGUAGES),
        len(closed_lists.LANGUAGES),
        least=1,
        required=True,
        about="Languages of the banner; their texts ship with the service.",
    )


class CategorySchema(Strict):
    """Something that is asked for, or required for a reason."""

    id = Matching(
        closed_lists.ID, _ID_WANTS, required=True, about="Named by data-category in the page."
    )
    required = StrictBool(load_default=False, about="True: needs no consent, and says why.")
    reason = OneOf(closed_lists.REASONS, about="Why no consent is needed; only when required.")
    gpc = StrictBool(about="Whether Global Privacy Control is a no to it; only when optional.")


class StoreSchema(Strict):
    """Something kept on, or read from, a device."""

    name = Text(required=True, about="Name of the cookie or entry; * stands for any characters.")
    kind = OneOf(closed_lists.STORE_KINDS, required=True, about="How it is kept or read.")
    lifetime = Checked(
        fields.check_lifetime,
        f"session|{durations.LIFETIME.pattern}",
        required=True,
        about='How long it stays: an ISO 8601 duration up to P25M, or "session".',
    )
    http_only = StrictBool(
        load_default=False,
        about="True: a cookie that a server set HttpOnly.",
    )


class ServiceSchema(Strict):
    """A vendor or tool."""

    id = Matching(
        closed_lists.ID, _ID_WANTS, required=True, about="Named by data-service in the page."
    )
    category = Matching(
        closed_lists.ID, _ID_WANTS, required=True, about="The category it belongs to."
    )
    name = Text(
        required=True,
        missing=f"what visitors know it by; {_told('13(1)(e)')}",
        about="What visitors know it by.",
    )
    policy_url = web_address(
        "The privacy policy of the company behind it; the site's own stands for a service whose "
        "hosts are all the site's own."
    )
    country = OneOf(
        closed_lists.COUNTRIES,
        _COUNTRY_WANTS,
        required=True,
        missing=f"where it processes data, such as FR; {_told('13(1)(f)')}",
        about="Where it processes data.",
    )
    data = InEachLanguage(
        ListOf(Text(), 50, least=1),
        required=True,
        missing=f"the kinds of data it sees, such as [pages visited]; {_told('14(1)(d)')}",
        about="The kinds of data it sees: one list, or a list for each language.",
    )
    hosts = ListOf(
        Checked(fields.check_host, most=260),
        50,
        load_default=list,
        about="Hosts it is loaded from.",
    )
    stores = ListOf(
        Nested(StoreSchema),
        100,
        unique="",
        required=True,
        missing=f"what it keeps on the device, and [] if that is nothing; {_told('13(2)(a)')}",
        about="What it keeps on the device; [] when nothing.",
    )
    shared = StrictBool(
        required=True,
        missing=f"true if others can read what it stores or reads; {_told('13(1)(e)')}",
        about="Whether others can read what it stores or reads.",
    )


class SiteSchema(Strict):
    """The whole document."""

    site = Matching(
        "[a-z0-9-]{3,40}",
        "3 to 40 lower-case letters, digits and -",
        required=True,
        about="Public id of the site; part of the script's address.",
    )
    name = Text(required=True, about="What visitors know the site by.")
    origins = ListOf(
        Checked(parse_origin, most=300),
        MOST_ORIGINS,
        least=1,
        required=True,
        about="Where the banner may record decisions; not published.",
    )
    controller = Nested(ControllerSchema, required=True, about="Who is responsible.")
    authority = Nested(AuthoritySchema, required=True, about="Who hears complaints.")
    storage_region = OneOf(
        closed_lists.STORAGE_REGIONS, _REGION_WANTS, required=True, about="Where records are kept."
    )
    policy = Nested(PolicySchema, required=True, about="The site's privacy policy.")
    languages = Nested(LanguagesSchema, required=True, about="Languages of the banner.")
    categories = ListOf(
        Nested(CategorySchema),
        MOST_CATEGORIES,
        least=1,
        unique="id",
        required=True,
        about="What is asked for, in the order shown.",
    )
    services = ListOf(
        Nested(ServiceSchema),
        MOST_SERVICES,
        unique="id",
        load_default=list,
        about="Vendors and tools, each in one category.",
    )
    profile = OneOf(
        tuple(PROFILES), load_default=DEFAULT_PROFILE, about="Whose reading of the GDPR holds."
    )
    reprompt_after = whole_months("When visitors are asked again; the profile's when left out.")
    record_retention = whole_months("How long records are kept; P24M when left out.")
    signals = Nested(SignalsSchema, about="Third-party consent interfaces to tell.")
    theme = Nested(ThemeSchema, about="The looks, as far as a site can choose them.")
    cookie_domain = Checked(
        check_cookie_domain,
        most=253,
        about="Parent of every origin's host: its sub-domains share one choice.",
    )
    on_withdrawal = OneOf(
        ("reload", "continue"),
        load_default="reload",
        about="What becomes of a page on which scripts ran that lost their consent.",
    )
    directed_to_children = StrictBool(
        load_default=False, about="True: meant for children, so nothing optional is asked."
    )
    restricted_proof = Nested(
        RestrictedProofSchema,
        about="Keep a sealed proof after an erasure, for legal claims alone; none when left out.",
    )
    texts = Texts(about="Language, then slot, then the site's own text.")
