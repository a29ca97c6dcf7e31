"""What a browser on the site's own host is given to keep: the widget's cookies, to the byte.

Safari forgets within seven days what a script wrote, and keeps what the site's own host set. So the
answer to a decision sets the same cookies that the widget wrote, with the same ends: it changes no
value and prolongs no choice, it only makes the copy that stays.
"""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from consent_server.columns import rfc3339
from consent_server.consents.choices import Choice, Decision, Held, Question, choices_of
from consent_server.consents.models import AnyRecord
from consent_server.sites.durations import add_months

STATE, TOKEN = "consent_state", "consent_token"
#: Bytes of name and value that every browser keeps.
LONGEST = 4_096
#: Characters of the value of ``consent_state``: those without its name; the widget's first part
#: takes ``true`` back for ``false`` without looking.
LONGEST_STATE = 4_000
#: Cookies that one answer ends; proxies take no header without an end. The check API names all.
MOST_ENDED = 20
#: What ``encodeURIComponent`` leaves as it is, beyond letters, digits and ``_.-~``.
_PLAIN = "!'()*"
_COOKIE_NAME = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Acknowledged:
    """A decision that is in force, and what its browser sent and gets with it."""

    record: AnyRecord
    #: The bundle on which it was decided.
    bundle: Mapping[str, Any]
    #: As the browser sent it. The record itself knows the subject alone, and Global Privacy Control
    #: also from the request, of which the widget never heard.
    decision: Decision
    token: str | None
    #: Host of the page, which is the host that was asked.
    host: str

    @property
    def question(self) -> Question:
        """What the bundle asks."""
        return Question(self.bundle)

    @property
    def held(self) -> Held:
        """What holds because of the decision."""
        return Held(choices_of(self.record.categories), choices_of(self.record.services))


def cookies_to_set(acknowledged: Acknowledged, now: datetime) -> list[str]:
    """Return the ``Set-Cookie`` headers of an answer: the choice, its token, and what it ended.

    :param now: aware, UTC; a choice that is over sets nothing
    """
    record, domain = acknowledged.record, acknowledged.bundle.get("cookie_domain")
    if _leaves_to_ask(acknowledged):
        return list(_ended_cookies(acknowledged))
    state = _fitting(acknowledged.bundle, device_state(acknowledged))
    ends = {STATE: _state_ends(state, acknowledged.question.months), TOKEN: record.expires_at}
    values = {STATE: as_cookie_value(state), TOKEN: acknowledged.token or ""}
    headers: list[str] = []
    for name, value in values.items():
        if value and ends[name] > now and len(name) + len(value) < LONGEST:
            headers += _set(name, value, ends[name], domain)
    return [*headers, *_ended_cookies(acknowledged)]


def device_state(acknowledged: Acknowledged) -> dict[str, Any]:
    """Return the content of ``consent_state``, its members in the widget's order.

    A refusal by one who never granted is told by its day alone: whoever refuses on one day holds
    the same bytes (R004).
    """
    record, question, held = acknowledged.record, acknowledged.question, acknowledged.held
    decision = acknowledged.decision
    choices = {id_: held.categories[id_] for id_ in question.optional}
    state: dict[str, Any] = {
        "v": 1,
        "bundle": record.bundle,
        "revision": record.revision,
        "day": record.recorded_at.date().isoformat(),
        "categories": {id_: choice.granted for id_, choice in choices.items()},
        "services": _split_services(question, choices, held.services),
    }
    if decision.gpc:
        state["gpc"] = True
    if decision.consent_id is None:
        return state
    ends = {id_: rfc3339(choice.expires_at) for id_, choice in choices.items()}
    kept = [id_ for id_, choice in choices.items() if choice.decided_at != record.recorded_at]
    older = {id_: choices[id_].revision for id_ in kept}
    older = {id_: revision for id_, revision in older.items() if revision != record.revision}
    if older:
        state["revisions"] = older
    if kept:
        state["expires"] = ends
    return {**state, "id": decision.consent_id, "n": record.n, "expires": ends}


def _leaves_to_ask(acknowledged: Acknowledged) -> bool:
    """Whether the device holds no answer where the log had to note one.

    What the signal alone takes back answers nothing else in the browser (``wish.ts``); a category
    that had no choice to keep is refused in the log, and is to be asked about there.
    """
    record, decision = acknowledged.record, acknowledged.decision
    choices = acknowledged.held.categories
    unanswered = set(acknowledged.question.optional) - set(decision.categories)
    is_objection = (decision.method, decision.action) == ("gpc", "withdraw")
    return is_objection and any(choices[id_].decided_at == record.recorded_at for id_ in unanswered)


def as_cookie_value(state: Mapping[str, Any]) -> str:
    """Write a state as the widget does: ``encodeURIComponent(JSON.stringify(state))``."""
    return quote(json.dumps(state, separators=(",", ":"), ensure_ascii=False), safe=_PLAIN)


def _fitting(bundle: Mapping[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Return what of a state a cookie has room for, as the widget keeps it (``fitting.ts``).

    A browser drops one that is too long, and keeps the one before it with all that this one
    allowed. So a category of which a service is refused is refused as a whole.
    """
    if len(as_cookie_value(state)) <= LONGEST_STATE:
        return state
    split = {
        service["category"]: False
        for service in bundle["services"]
        if state["services"].get(service["id"]) is False
    }
    return {**state, "categories": {**state["categories"], **split}, "services": {}}


def _split_services(
    question: Question, choices: Mapping[str, Choice], alone: Mapping[str, Choice]
) -> dict[str, bool]:
    """Return the services of the categories that are granted in part, complete for each of them."""
    answers: dict[str, bool] = {}
    for category, choice in choices.items():
        ids = [id_ for id_, of in question.services.items() if of == category]
        split = {id_: alone[id_].granted if id_ in alone else choice.granted for id_ in ids}
        if choice.granted and not all(split.values()):
            answers |= split
    return answers


def _state_ends(state: Mapping[str, Any], months: int) -> datetime:
    """Return when the last of the choices ends; one that is known by its day ends with a day."""
    if "expires" in state:
        return max(datetime.fromisoformat(end) for end in state["expires"].values())
    day = datetime.fromisoformat(state["day"]).replace(tzinfo=UTC)
    end = add_months(day, months)
    # Where that month lacks the day, the end of its last day is there already.
    return end + timedelta(days=1) if end.day == day.day else end


def _set(name: str, value: str, end: datetime, domain: str | None) -> Iterator[str]:
    if domain is not None:
        # One of the same name without a domain is another cookie, and two of a name are nobody's.
        yield f"{name}=; Max-Age=0; Path=/; SameSite=Lax; Secure"
    until = format_datetime(end.astimezone(UTC), usegmt=True)
    at = f"; Domain={domain}" if domain is not None else ""
    yield f"{name}={value}; Expires={until}; Path=/; SameSite=Lax; Secure{at}"


def _ended_cookies(acknowledged: Acknowledged) -> Iterator[str]:
    """End the cookies that no script can reach, of every service that is not allowed (R042).

    Patterns cannot be ended: what the browser holds is not read here. Nor is the domain of a cookie
    known, so each that the host may name is tried.
    """
    question = acknowledged.question
    allowed = question.allowed(acknowledged.held, acknowledged.record.recorded_at)
    hidden: dict[str, bool] = {}
    for service in acknowledged.bundle["services"]:
        is_over = service["id"] in question.services and ("service", service["id"]) not in allowed
        for store in service["stores"]:
            if store.get("http_only") and _COOKIE_NAME.fullmatch(store["name"]):
                # A name that somebody else may still use stays.
                hidden[store["name"]] = hidden.get(store["name"], True) and is_over
    ended = [name for name, is_over in hidden.items() if is_over][:MOST_ENDED]
    for name in ended:
        for domain in ("", *_domains(acknowledged.host)):
            yield f"{name}=; Max-Age=0; Path=/; Secure" + (f"; Domain={domain}" if domain else "")


def _domains(host: str) -> list[str]:
    """Return the domains whose cookies a host may set, the narrowest first; of an address, none."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        labels = host.split(".")
        return [".".join(labels[at:]) for at in range(len(labels) - 1)]
    return []
