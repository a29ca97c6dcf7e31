"""What a decision means: pure rules from one record's choices to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent_server.consents.errors import (
    ActionMismatch,
    CategoriesIncomplete,
    CategoryRequired,
    CategoryUnknown,
)
from consent_server.db import rfc3339
from consent_server.sites.durations import add_months, months

RESTRICTIVE = ("reject_all", "withdraw")


@dataclass(frozen=True)
class Decision:
    """A visitor's decision as it arrived."""

    action: str
    method: str
    #: Category id → yes or no; may leave out what was not asked again.
    categories: Mapping[str, bool]
    #: Service id → yes or no, for those asked one by one.
    services: Mapping[str, bool]
    #: 128 random bits of the browser, 22 characters; None from one who never granted.
    consent_id: str | None
    #: The browser's counter of decisions, from 1; present exactly when ``consent_id`` is.
    n: int | None
    bundle: str
    build: str
    language: str
    gpc: bool
    trusted: bool

    @property
    def grants(self) -> bool:
        """Whether it says yes to anything optional."""
        return any(self.categories.values()) or any(self.services.values())


@dataclass(frozen=True)
class Choice:
    """What holds for one category or service."""

    granted: bool
    #: When it was asked; moves only when it is asked again.
    decided_at: datetime
    #: When it ends; never moves without a new decision.
    expires_at: datetime
    #: Revision of the bundle on which it was decided.
    revision: int
    #: How an earlier grant ended: ``withdrawn``, ``expired``, or None where there was none.
    ended: str | None = None

    def is_live(self, instant: datetime) -> bool:
        """Whether it may be acted upon at an instant, staleness apart."""
        return self.granted and instant < self.expires_at

    def as_json(self) -> dict[str, Any]:
        """Return the form in which a record holds it."""
        return {
            "granted": self.granted,
            "decided_at": rfc3339(self.decided_at),
            "expires_at": rfc3339(self.expires_at),
            "revision": self.revision,
            "ended": self.ended,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Choice":
        """Read the form in which a record holds it."""
        return cls(
            granted=value["granted"],
            decided_at=datetime.fromisoformat(value["decided_at"]),
            expires_at=datetime.fromisoformat(value["expires_at"]),
            revision=value["revision"],
            ended=value["ended"],
        )


Choices = Mapping[str, Choice]


@dataclass(frozen=True)
class Previous:
    """The choices in force before a decision."""

    categories: Choices
    services: Choices


@dataclass(frozen=True)
class Outcome:
    """What a decision leads to: complete choices and the name of the event."""

    event: str
    categories: Choices
    services: Choices

    def grants(self, optional: Iterable[str]) -> bool:
        """Whether anything optional is granted."""
        is_granted = any(self.categories[id_].granted for id_ in optional)
        return is_granted or any(choice.granted for choice in self.services.values())


class Question:
    """What a bundle asks, in the form in which decisions are read against it."""

    def __init__(self, bundle: Mapping[str, Any]):
        self.revision: int = bundle["revision"]
        self.months = months(bundle["reprompt_after"])
        self.required = [c["id"] for c in bundle["categories"] if c["required"]]
        self.optional = [c["id"] for c in bundle["categories"] if not c["required"]]
        self.since = {c["id"]: c["since"] for c in bundle["categories"]}
        self.service_since = {s["id"]: s["since"] for s in bundle["services"]}
        #: Services of optional categories, by id → category.
        self.services = {
            s["id"]: s["category"] for s in bundle["services"] if s["category"] in self.optional
        }

    def is_stale(self, category: str, choice: Choice) -> bool:
        """Whether a category changed materially since the choice was made (R087)."""
        return self.since.get(category, 0) > choice.revision

    def is_service_stale(self, service: str, choice: Choice) -> bool:
        """Whether a service changed materially since the choice was made."""
        return self.service_since.get(service, 0) > choice.revision


def decide(
    question: Question, decision: Decision, previous: Previous | None, now: datetime
) -> Outcome:
    """Apply one decision to what held before.

    Categories that the decision leaves out keep their choice, if they have a live one; services
    keep theirs as long as their category was not asked again.

    :raises CategoryUnknown: a category or service that the bundle does not ask for
    :raises CategoryRequired: a required category was refused
    :raises ActionMismatch: accept all with a no, or reject all or withdraw with a yes
    :raises CategoriesIncomplete: a category was neither answered nor has it a choice to keep
    """
    _check_names(question, decision)
    _check_action(decision)
    expires_at = add_months(now, question.months)

    def fresh(granted: bool, before: Choice | None) -> Choice:
        ended = None if granted else _how_it_ended(decision.action, before, previous, now)
        return Choice(granted, now, expires_at, question.revision, ended)

    before = previous or Previous({}, {})
    answered = _answers(question, decision)
    categories = {id_: fresh(yes, before.categories.get(id_)) for id_, yes in answered.items()}
    missing = []
    for id_ in question.optional:
        if id_ in categories:
            continue
        kept = before.categories.get(id_)
        if kept is None or question.is_stale(id_, kept) or now >= kept.expires_at:
            missing.append(id_)
        else:
            categories[id_] = kept
    if missing:
        raise CategoriesIncomplete(missing)
    services = {
        id_: choice
        for id_, choice in before.services.items()
        if question.services.get(id_, "") not in {"", *answered}
    }
    for id_, yes in decision.services.items():
        services[id_] = fresh(yes, before.services.get(id_))
    end = min((categories[id_].expires_at for id_ in question.optional), default=expires_at)
    for id_ in question.required:
        categories[id_] = Choice(True, now, end, question.revision)
    ordered = {id_: categories[id_] for id_ in question.since}
    outcome = Outcome("", ordered, services)
    return replace(outcome, event=_event(question, decision, previous, outcome, now))


def restrict(outcome: Outcome, previous: Previous, now: datetime) -> Outcome:
    """Settle a tie of two decisions with one counter: granted is what both of them granted."""

    def both(choices: Choices, others: Choices) -> dict[str, Choice]:
        return {
            id_: choice
            if not choice.granted or (id_ in others and others[id_].is_live(now))
            else replace(choice, granted=False)
            for id_, choice in choices.items()
        }

    return replace(
        outcome,
        categories=both(outcome.categories, previous.categories),
        services=both(outcome.services, previous.services),
    )


def lapse(choices: Choices, optional: Iterable[str], now: datetime) -> dict[str, Choice]:
    """End the grants whose time is over; nothing else moves."""
    over = {
        id_
        for id_ in optional
        if id_ in choices and choices[id_].granted and now >= choices[id_].expires_at
    }
    return {
        id_: replace(choice, granted=False, ended="expired") if id_ in over else choice
        for id_, choice in choices.items()
    }


def _answers(question: Question, decision: Decision) -> dict[str, bool]:
    """Return yes or no for each category that this decision answers."""
    given = {id_: yes for id_, yes in decision.categories.items() if id_ in question.optional}
    refuses_all = decision.action == "reject_all" or (
        decision.action == "withdraw" and not given and not decision.services
    )
    return dict.fromkeys(question.optional, False) if refuses_all else given


def _check_names(question: Question, decision: Decision) -> None:
    unknown = set(decision.categories) - set(question.since)
    if unknown:
        raise CategoryUnknown(unknown, question.optional)
    unknown = set(decision.services) - set(question.services)
    if unknown:
        raise CategoryUnknown(unknown, question.services)
    for id_ in question.required:
        if decision.categories.get(id_) is False:
            raise CategoryRequired(id_)


def _check_action(decision: Decision) -> None:
    choices = {**decision.categories, **decision.services}
    if decision.action == "accept_all":
        wrong = [id_ for id_, yes in choices.items() if not yes]
    elif decision.action in RESTRICTIVE:
        wrong = [id_ for id_, yes in choices.items() if yes]
    else:
        wrong = []
    if wrong:
        raise ActionMismatch(decision.action, wrong)


def _how_it_ended(
    action: str, before: Choice | None, previous: Previous | None, now: datetime
) -> str | None:
    """Tell a withdrawal from a refusal: something must have been granted to be withdrawn."""
    if before is not None and before.is_live(now):
        return "withdrawn"
    if action == "withdraw":
        # The grant that is withdrawn may still be on its way, when both were made offline.
        return "withdrawn" if previous is None else before.ended if before else None
    return None


def _event(
    question: Question,
    decision: Decision,
    previous: Previous | None,
    outcome: Outcome,
    now: datetime,
) -> str:
    before = previous or Previous({}, {})
    earlier = [*before.services.items()]
    earlier += [
        (id_, before.categories[id_]) for id_ in question.optional if id_ in before.categories
    ]
    had_live = any(choice.is_live(now) for _, choice in earlier)
    had_granted = {id_ for id_, choice in earlier if choice.granted or choice.ended == "expired"}
    if not outcome.grants(question.optional):
        return "withdrawn" if had_live or decision.action == "withdraw" else "refused"
    granted = {id_ for id_ in question.optional if outcome.categories[id_].granted}
    granted |= {id_ for id_, choice in outcome.services.items() if choice.granted}
    if had_granted:
        return "renewed" if granted == had_granted else "changed"
    is_everything = granted >= set(question.optional) and not any(
        not choice.granted for choice in outcome.services.values()
    )
    return "given" if is_everything else "partial"
