"""What is published: the document's public part and every text of the banner, frozen as one value.

A bundle is evidence: records name it by its hash, so the same document, texts and build always give
the same bundle, and nothing in it depends on the clock.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent_server.errors import ConsentError
from consent_server.sites import written_out
from consent_server.sites.document import SiteDocument, Theme, signals
from consent_server.sites.origins import hosts_that_share, is_shared
from consent_server.sites.profiles import PROFILES
from consent_server.sites.restricted import KEY, keeps_more

#: Version of the bundle's format, its key ``v``.
FORMAT = 1

Texts = Mapping[str, Mapping[str, str]]
Bundle = Mapping[str, Any]


class TextsMissing(ConsentError):
    """A language of the site lacks texts, so its visitors would be asked in another one."""

    status = 422
    reason = "texts_missing"

    def __init__(self, missing: Sequence[str]):
        super().__init__(f"texts are missing: {', '.join(missing)}")
        #: ``["de", "fr.title", …]``: whole languages, or slots of one.
        self.missing = list(missing)


@dataclass(frozen=True)
class Touched:
    """The parts of a bundle that earlier consent no longer covers."""

    categories: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


def build_bundle(
    document: SiteDocument,
    texts: Texts,
    build: str,
    previous: Bundle | None,
    immaterial: bool = False,
    lost: int = 0,
) -> dict[str, Any]:
    """Build the public bundle of a document.

    :param texts: language tag → slot → text, as shipped
    :param build: digest of the widget, 43 characters
    :param previous: the bundle in force, None at the first publication
    :param immaterial: the change only corrects; earlier consent still never covers what is new
    :param lost: the highest revision that was lost with a database; whoever agreed to it, or to one
        before it, is asked again
    :returns: JSON-ready; never holds the document's origins, and their hosts only as ``scope``
    :raises TextsMissing: a language of the document is incomplete
    :source: GDPR Art. 4(11), consent is given to something specific
    """
    revision = max(lost, previous["revision"] if previous else 0) + 1
    bundle = {"v": FORMAT, "revision": revision, "build": build, **_public_part(document)}
    bundle["texts"] = _texts(document, texts)
    touched = touched_parts(previous, bundle, immaterial)
    for part, hit in (("categories", touched.categories), ("services", touched.services)):
        earlier = {item["id"]: item["since"] for item in previous[part]} if previous else {}
        for item in bundle[part]:
            kept = item["id"] not in hit and earlier.get(item["id"], 0) > lost
            item["since"] = earlier[item["id"]] if kept else revision
    since = _policy_since(previous, bundle["policy"], revision)
    bundle["policy"]["since"] = since if since > lost else revision
    return bundle


def covers_lost(bundle: Bundle, lost: int) -> bool:
    """Say whether consent that was given to a lost publication would cover a part of this one."""
    return any(
        item["since"] <= lost for part in ("categories", "services") for item in bundle[part]
    )


def _policy_since(previous: Bundle | None, policy: Mapping[str, Any], revision: int) -> int:
    """Return when this version of the policy came: whoever chose before is told of it."""
    if previous is None or previous["policy"]["version"] != policy["version"]:
        return revision
    since: int = previous["policy"].get("since", previous["revision"])
    return since


def touched_parts(previous: Bundle | None, new: Bundle, immaterial: bool = False) -> Touched:
    """Return which optional categories and services differ in what visitors consent to.

    A category: added, made optional, its title or text changed in a language that both bundles
    have, a service of it added or changed; and each of them when the controller changed, when the
    choice holds on a host on which it did not hold, or when more is kept after an erasure. Whatever
    is required is never touched: nobody is asked for it, so nobody has to be asked again. An
    immaterial change touches only what is new: a purpose, a recipient or a host that nobody was
    told of is no correction.

    :param new: its parts need no ``since`` yet
    """
    optional = {item["id"] for item in new["categories"] if not item["required"]}
    if previous is None:
        return Touched(frozenset(optional), frozenset(item["id"] for item in new["services"]))
    asked_before = {item["id"] for item in previous["categories"] if not item["required"]}
    services = _new_services(previous, new) if immaterial else _changed_services(previous, new)
    categories = {service["category"] for service in services} | (optional - asked_before)
    if holds_on_more_hosts(previous, new):
        categories |= optional
    if not immaterial:
        categories |= {name for name in optional if _is_worded_anew(name, previous, new)}
        categories |= optional if keeps_more(previous.get(KEY), new.get(KEY)) else set()
        categories |= optional if previous["controller"] != new["controller"] else set()
    touched = frozenset(service["id"] for service in services)
    return Touched(frozenset(categories & optional), touched)


def holds_on_more_hosts(previous: Bundle, new: Bundle) -> bool:
    """Say whether a choice would hold on a host that visitors were not told of."""
    told = previous.get("scope", [])
    return any(host not in told and not is_shared(host, told) for host in new.get("scope", []))


def _public_part(document: SiteDocument) -> dict[str, Any]:
    public = document.as_dict()
    for private in ("origins", "texts"):
        public.pop(private)
    asked = [category.id for category in document.categories if not category.required]
    public["signals"] = signals.published(document.signals, asked)
    for service, written in zip(public["services"], document.services, strict=True):
        service.setdefault("policy_url", document.policy.url)
        service["data"] = list(written.data_in(document.languages.default))
    stores = [store for service in public["services"] for store in service["stores"]]
    # What is not there is not so: these would travel to every visitor to say nothing.
    for key in ("scheme", "font", "text_size"):
        if public["theme"][key] == getattr(Theme, key):
            del public["theme"][key]
    if shared := hosts_that_share(document.origins, document.cookie_domain):
        public["scope"] = shared
    _leave_out_false([public], "directed_to_children")
    if public["on_withdrawal"] == "reload":
        public.pop("on_withdrawal")
    _leave_out_false(public["categories"], "gpc")
    _leave_out_false(stores, "http_only")
    return public


def _leave_out_false(items: Iterable[dict[str, Any]], key: str) -> None:
    for item in items:
        if item.get(key) is False:
            item.pop(key)


def _texts(document: SiteDocument, shipped: Texts) -> dict[str, dict[str, str]]:
    """Return the complete texts of each language: the shipped ones, replaced by the site's own."""
    missing = [tag for tag in document.languages.available if tag not in shipped]
    if missing:
        raise TextsMissing(missing)
    texts = {
        tag: {
            **{slot: text for slot, text in shipped[tag].items() if _is_needed(slot, document)},
            **document.texts.get(tag, {}),
        }
        for tag in document.languages.available
    }
    needed = {_without_plural(slot) for slots in texts.values() for slot in slots}
    for tag, slots in texts.items():
        there = {_without_plural(slot) for slot, text in slots.items() if text.strip()}
        missing.extend(f"{tag}.{slot}" for slot in sorted(needed - there))
    if missing:
        raise TextsMissing(missing)
    return {tag: _written_out(tag, slots, document) for tag, slots in texts.items()}


def _written_out(tag: str, texts: Mapping[str, str], document: SiteDocument) -> dict[str, str]:
    """Return the texts with what the document counts, measures and places in words."""
    services = document.services
    lifetimes = {store.lifetime for service in services for store in service.stores} - {"session"}
    periods = lifetimes | {document.record_retention, document.reprompt_after}
    countries = {service.country for service in services} | {document.storage_region}
    numbers = Counter(service.category for service in services)
    found = {slot: text for slot, text in texts.items() if _without_plural(slot) == slot}
    found |= {f"lifetime.{one}": written_out.period(tag, one) for one in periods if one}
    found |= {f"country.{one}": written_out.country(tag, one) for one in countries if one}
    found |= {
        f"services.{category}": written_out.counted(tag, "services", texts, number)
        for category, number in numbers.items()
    }
    found |= {
        f"data.{service.id}": written_out.listed(tag, service.data_in(tag)) for service in services
    }
    listed = {
        "gpc_honoured": ("categories", [texts[title] for title in _titles_left_off(document)]),
        "scope": ("scope", hosts_that_share(document.origins, document.cookie_domain)),
    }
    for slot in listed.keys() & found.keys():
        found[slot] = written_out.naming(tag, found[slot], *listed[slot])
    if services:
        found["services"] = written_out.counted(tag, "services", texts, len(services))
    return found


def _titles_left_off(document: SiteDocument) -> list[str]:
    """Return the slots that name what Global Privacy Control refuses."""
    return [f"category.{category.id}.title" for category in document.categories if category.gpc]


def _is_needed(slot: str, document: SiteDocument) -> bool:
    """Say whether a shipped text speaks of something that the document has."""
    if slot.startswith("category."):
        return slot.split(".")[1] in {category.id for category in document.categories}
    if slot.startswith("necessary_reason."):
        return slot.split(".")[1] in {category.reason for category in document.categories}
    if slot.startswith("store."):
        stores = (store for service in document.services for store in service.stores)
        return slot.split(".")[1] in {store.kind for store in stores}
    if slot == "lifetime.session":
        stores = (store for service in document.services for store in service.stores)
        return any(store.lifetime == "session" for store in stores)
    if slot == "gpc_honoured":
        return any(category.gpc for category in document.categories)
    if slot == "scope":
        return bool(hosts_that_share(document.origins, document.cookie_domain))
    if slot == "close_reject":
        return PROFILES[document.profile].has_cross
    if slot == "dpo":
        return document.controller.dpo is not None
    if slot in ("service_shared", "service_unshared"):
        return (slot == "service_shared") in {service.shared for service in document.services}
    return True


def _without_plural(slot: str) -> str:
    """Leave out a plural form: languages have different ones of the same slot."""
    stem, _, form = slot.rpartition(".")
    return stem if form in {"zero", "one", "two", "few", "many", "other"} else slot


def _new_services(previous: Bundle, new: Bundle) -> list[Mapping[str, Any]]:
    """Return the services that are new in their category."""
    before = {(item["id"], item["category"]) for item in previous["services"]}
    return [item for item in new["services"] if (item["id"], item["category"]) not in before]


def _changed_services(previous: Bundle, new: Bundle) -> list[Mapping[str, Any]]:
    """Return the services that are new, differ in any field, or see other data in a language."""
    before = {item["id"]: _meaning(item, previous) for item in previous["services"]}
    return [
        item
        for item in new["services"]
        if before.get(item["id"]) != _meaning(item, new)
        or _sees_other_data(item["id"], previous, new)
    ]


def _meaning(service: Mapping[str, Any], bundle: Bundle) -> dict[str, Any]:
    """Return a service without its revision, its lists in an order of their own."""
    meaning = {key: value for key, value in service.items() if key != "since"}
    # A site that moves its own policy changes nothing about who gets the data.
    if meaning.get("policy_url") == bundle["policy"]["url"]:
        del meaning["policy_url"]
    for key in ("data", "hosts"):
        meaning[key] = sorted(meaning[key])
    # Who can delete a cookie is not what visitors consent to.
    meaning["stores"] = sorted(
        tuple(sorted((key, value) for key, value in store.items() if key != "http_only"))
        for store in meaning["stores"]
    )
    return meaning


def _is_worded_anew(category: str, previous: Bundle, new: Bundle) -> bool:
    return any(
        previous["texts"][tag].get(slot) != new["texts"][tag].get(slot)
        for tag in previous["texts"].keys() & new["texts"].keys()
        for slot in (f"category.{category}.title", f"category.{category}.text")
    )


def _sees_other_data(service: str, previous: Bundle, new: Bundle) -> bool:
    """Compare in each language, whatever the order; an older bundle has no such text."""
    slot = f"data.{service}"
    told = [
        (texts[slot], new["texts"][tag][slot])
        for tag, texts in previous["texts"].items()
        if slot in texts and slot in new["texts"].get(tag, {})
    ]
    return any(written_out.unlisted(old) != written_out.unlisted(now) for old, now in told)
