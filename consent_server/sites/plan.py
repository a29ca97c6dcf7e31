"""What publishing would change, in plain words, and whose consent it would make stale."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from consent_server.sites.bundle import Bundle, covers_lost, holds_on_more_hosts
from consent_server.sites.restricted import KEY, keeps_more

#: Keys that say what visitors are told or asked, in the order of the document.
_PLAIN_KEYS = (
    "name",
    "authority",
    "storage_region",
    "record_retention",
    "policy",
    "profile",
    "reprompt_after",
    "languages",
    "cookie_domain",
    "scope",
    "directed_to_children",
    "signals",
    "theme",
    "build",
    "v",
)


@dataclass(frozen=True)
class Change:
    """One difference between what is published and what would be."""

    #: ``services.matomo.stores``; parts are named by their id.
    path: str
    #: JSON-ready; None where there was, or will be, nothing.
    old: Any
    new: Any
    #: True when earlier consent to a category no longer covers what would be published.
    material: bool
    #: The change in plain words, one line.
    text: str


@dataclass(frozen=True)
class Plan:
    """Everything that publishing a bundle would change."""

    #: Revision in force, None before the first publication.
    previous_revision: int | None
    #: Revision that would be published.
    revision: int
    changes: tuple[Change, ...]
    #: Optional categories whose earlier consent becomes stale; at the first publication, all.
    touched_categories: tuple[str, ...]
    #: Services that are new or changed in substance.
    touched_services: tuple[str, ...]

    @property
    def nothing_to_publish(self) -> bool:
        """Say whether only the revision would differ. Origins are not in a bundle, so not here."""
        return not self.changes

    def as_dict(self) -> dict[str, Any]:
        """Return the plan in JSON-ready form."""
        return {
            "previous_revision": self.previous_revision,
            "revision": self.revision,
            "nothing_to_publish": self.nothing_to_publish,
            "touched_categories": list(self.touched_categories),
            "touched_services": list(self.touched_services),
            "changes": [asdict(change) for change in self.changes],
        }

    def lines(self) -> list[str]:
        """Return the plan for people: one line a change, then what it makes stale."""
        if self.nothing_to_publish:
            return [f"nothing to publish: revision {self.previous_revision} says the same"]
        marks = [f"{'!' if change.material else ' '} {change.text}" for change in self.changes]
        if self.previous_revision is None:
            return [*marks, "Nobody was asked before, so nobody is asked again."]
        stale = ", ".join(self.touched_categories)
        ending = (
            f"Earlier consent becomes stale for: {stale}" if stale else "No consent becomes stale."
        )
        return [*marks, ending]


def compare(previous: Bundle | None, new: Bundle, lost: int = 0) -> Plan:
    """Compare the bundle in force with the one that would be published.

    :param previous: None before the first publication
    :param new: as :func:`build_bundle` made it from ``previous``; its ``since`` say what is touched
    :param lost: the highest revision that was lost with a database, 0 where none was
    """
    revision = new["revision"]
    touched = {
        part: tuple(
            item["id"]
            for item in new[part]
            if item["since"] == revision and not item.get("required")
        )
        for part in ("categories", "services")
    }
    if previous is None:
        text = f"+ first publication of {new['site']}"
        changes = [Change("", None, new["site"], False, text)]
    else:
        changes = list(_changes(previous, new, set(touched["categories"])))
        if covers_lost(previous, lost):
            text = f"~ publications up to revision {lost} were lost: consent to them covers nothing"
            changes.insert(0, Change("revision", previous["revision"], revision, True, text))
    return Plan(
        previous["revision"] if previous else None,
        revision,
        tuple(changes),
        touched["categories"],
        touched["services"],
    )


def _changes(previous: Bundle, new: Bundle, touched: set[str]) -> Iterator[Change]:
    if previous["controller"] != new["controller"]:
        yield from _fields("controller", previous["controller"], new["controller"], bool(touched))
    for key in _PLAIN_KEYS:
        old, now = previous.get(key), new.get(key)
        if isinstance(old, dict) and isinstance(now, dict):
            yield from _fields(key, old, now, False)
        elif old != now:
            yield _change(key, old, now, key == "scope" and holds_on_more_hosts(previous, new))
    yield from _restricted_proof(previous.get(KEY), new.get(KEY), bool(touched))
    yield from _categories(previous, new, touched)
    yield from _services(previous, new, touched)
    yield from _texts(previous, new, touched)


def _restricted_proof(
    old: Mapping[str, Any] | None, now: Mapping[str, Any] | None, is_touched: bool
) -> Iterator[Change]:
    is_material = is_touched and keeps_more(old, now)
    if old and now:
        for part in _fields(KEY, old, now, is_material):
            # Another key is another reader of what is kept from then on, which the reason names.
            yield replace(part, material=False) if part.path == f"{KEY}.key" else part
    elif old != now:
        yield _change(KEY, old, now, is_material)


def _categories(previous: Bundle, new: Bundle, touched: set[str]) -> Iterator[Change]:
    before, after = _by_id(previous["categories"]), _by_id(new["categories"])
    for name in [*before, *(name for name in after if name not in before)]:
        path = f"categories.{name}"
        if name in before and name in after:
            yield from _fields(path, before[name], after[name], name in touched)
        else:
            title = _title(name, new if name in after else previous)
            sign, verb = ("+", "added") if name in after else ("-", "removed")
            text = f"{sign} category {title} ({name}) {verb}"
            yield Change(path, before.get(name), after.get(name), name in touched, text)
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield _change("categories", list(before), list(after), False)


def _services(previous: Bundle, new: Bundle, touched: set[str]) -> Iterator[Change]:
    before, after = _by_id(previous["services"]), _by_id(new["services"])
    for name in [*before, *(name for name in after if name not in before)]:
        path = f"services.{name}"
        if name in before and name in after:
            is_material = after[name]["category"] in touched
            yield from _fields(path, before[name], after[name], is_material)
        else:
            service = after.get(name) or before[name]
            sign, verb = ("+", "added to") if name in after else ("-", "removed from")
            text = f"{sign} service {service['name']} ({name}) {verb} {service['category']}"
            is_material = name in after and service["category"] in touched
            yield Change(path, before.get(name), after.get(name), is_material, text)


def _texts(previous: Bundle, new: Bundle, touched: set[str]) -> Iterator[Change]:
    for tag in sorted(previous["texts"].keys() & new["texts"].keys()):
        old, now = previous["texts"][tag], new["texts"][tag]
        # Shipped texts come and go with what they speak of, which has a line of its own.
        shipped = {slot for slot in old.keys() ^ now.keys() if not slot.startswith("category.")}
        for slot in sorted((old.keys() | now.keys()) - shipped):
            if old.get(slot) != now.get(slot):
                owner = slot.split(".")[1] if slot.startswith("category.") else None
                is_material = owner in touched and slot in old and slot in now
                yield _change(f"texts.{tag}.{slot}", old.get(slot), now.get(slot), is_material)


def _fields(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any], material: bool
) -> Iterator[Change]:
    """Compare two objects key by key; when something last changed is not a change."""
    for key in [*old, *(key for key in new if key not in old)]:
        if key != "since" and old.get(key) != new.get(key):
            yield _change(f"{path}.{key}", old.get(key), new.get(key), material)


def _change(path: str, old: Any, new: Any, material: bool) -> Change:
    if old is None:
        text = f"+ {path}: {_shown(new)}"
    elif new is None:
        text = f"- {path}: {_shown(old)}"
    else:
        text = f"~ {path}: {_shown(old)} → {_shown(new)}"
    return Change(path, old, new, material, text)


def _shown(value: Any) -> str:
    """Write a value on one line, so that it can be read."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) and " " in value else str(value)


def _by_id(items: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {item["id"]: item for item in items}


def _title(category: str, bundle: Bundle) -> str:
    texts: Mapping[str, str] = bundle["texts"][bundle["languages"]["default"]]
    return texts.get(f"category.{category}.title", category)
