"""A record as it is given out, and the two parts of it that the log commits to.

Whoever holds an exported record and its keys computes both commitments from it and from nothing
else. The member names of both are part of the public format: a change needs another ``v``.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

#: Members of a record as it is given out, in their order; then two that tell of the visitor.
MEMBERS = (
    *("site", "record_id", "previous", "corrects", "event", "action", "method"),
    *("recorded_at", "expires_at", "duration", "categories", "services"),
    *("bundle", "revision", "build", "language", "policy_version", "profile"),
    *("gpc", "trusted", "superseded"),
)
SUBJECT = ("subject", "n")
#: All of them but the choices, and how the decision part calls each.
PLAIN = tuple(name for name in MEMBERS if name not in ("categories", "services"))
SHORT = (
    *("site", "rec", "prev", "corrects", "evt", "action", "method"),
    *("at", "exp", "dur", "cfg", "revision", "ui"),
    *("lang", "pol", "regime", "gpc", "trusted", "superseded"),
)
plain_of = itemgetter(*PLAIN)
#: What every decision part holds.
ALWAYS = {"v": 1, "scope": "site", "uistate": "ok"}
#: Where something was pressed → the layer that showed it; a signal and an import show none.
LAYERS = {"banner": "first", "preferences": "second", "placeholder": "page", "api": "api"}


def exported(values: Mapping[str, Any], *, with_subject: bool) -> dict[str, Any]:
    """Return a record as it is given out, JSON-ready.

    :param values: the columns of the row by name, instants as RFC 3339 with milliseconds, and
        ``duration``: the ``reprompt_after`` of the bundle that was shown, ISO 8601
    :param with_subject: with pseudonym and counters; without, records of one visitor can be told
        to belong together only by ``previous``
    """
    record = {"site": values["site_id"], **{name: values[name] for name in MEMBERS[1:]}}
    for asked in ("categories", "services"):
        record[asked] = exported_choices(values[asked], with_subject=with_subject)
    return {**record, "subject": values["subject"], "n": values["n"]} if with_subject else record


def exported_choices(choices: Mapping[str, Any], *, with_subject: bool) -> dict[str, Any]:
    """Return choices as they are stored, all members; without the counter where nobody is named."""
    if with_subject:
        return dict(choices)
    return {
        id_: {name: value for name, value in choice.items() if name != "n"}
        for id_, choice in choices.items()
    }


def decision_part(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the decision part ``d`` of an exported record: all of it but the subject and counters.

    :param record: what :func:`exported` returned, of either level
    """
    part = {**ALWAYS, **dict(zip(SHORT, plain_of(record), strict=True))}
    part["who"] = _who(record["corrects"], record["event"])
    part["choices"], part["terms"] = _choices(record["categories"])
    if record["method"] in LAYERS:
        part["layer"] = LAYERS[record["method"]]
    if record["services"]:
        part["vchoices"], part["vterms"] = _choices(record["services"])
    return part


def subject_part(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the subject part ``s``: pseudonym and counters; empty for one who never granted.

    :param record: what :func:`exported` returned, with the subject
    """
    members = {
        "sub": record["subject"],
        "n": record["n"],
        "choices": _counters(record["categories"]),
        "vchoices": _counters(record["services"]),
    }
    return {name: value for name, value in members.items() if value not in (None, {})}


def both_parts(values: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return :func:`decision_part` and :func:`subject_part` at once, in half the time.

    For whoever looks at every record of a log.

    :param values: of an exported record, in the order of ``MEMBERS`` and ``SUBJECT``; what it says
        of the choices is taken apart and of no further use
    """
    site, rec, prev, corrects, evt, action, method, at, exp, dur, categories, services, *more = (
        values
    )
    cfg, revision, ui, lang, pol, regime, gpc, trusted, superseded, subject, n = more
    choices, counters = _taken_apart(categories)
    part = {
        "action": action,
        "at": at,
        "cfg": cfg,
        "choices": choices,
        "corrects": corrects,
        "dur": dur,
        "evt": evt,
        "exp": exp,
        "gpc": gpc,
        "lang": lang,
        "method": method,
        "pol": pol,
        "prev": prev,
        "rec": rec,
        "regime": regime,
        "revision": revision,
        "scope": "site",
        "site": site,
        "superseded": superseded,
        "terms": categories,
        "trusted": trusted,
        "ui": ui,
        "uistate": "ok",
        "v": 1,
        "who": _who(corrects, evt),
    }
    if method in LAYERS:
        part["layer"] = LAYERS[method]
    told = {"sub": subject, "n": n, "choices": counters}
    if services:
        part["vchoices"], told["vchoices"] = _taken_apart(services)
        part["vterms"] = services
    return part, {name: value for name, value in told.items() if value not in (None, {})}


def _who(corrects: str | None, event: str) -> str:
    if corrects is not None:
        return "controller"
    return "system" if event == "expired" else "self"


def _taken_apart(choices: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take from choices which were granted, and the counters that there are; return both."""
    granted, counters = {}, {}
    for id_, choice in choices.items():
        granted[id_] = choice.pop("granted")
        counter = choice.pop("n")
        if counter is not None:
            counters[id_] = counter
    return granted, counters


def _choices(choices: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return which were granted; and what else belongs to each: times, revision, how one ended."""
    granted, terms = {}, {}
    for id_, choice in choices.items():
        term = choice.copy()  # not dict(): that would take a list of pairs as well
        granted[id_] = term.pop("granted")
        term.pop("n", None)
        terms[id_] = term
    return granted, terms


def _counters(choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counter of the decision that made each choice, where there is one."""
    return {id_: choice["n"] for id_, choice in choices.items() if choice["n"] is not None}
