"""Values of consent: what was asked, what was decided, and what holds because of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent_server.columns import as_written, rfc3339
from consent_server.sites.durations import months
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of


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
    #: Whether the browser sent Global Privacy Control.
    gpc: bool
    trusted: bool

    @property
    def grants(self) -> bool:
        """Whether it says yes to anything optional."""
        return any(self.categories.values()) or any(self.services.values())

    @property
    def refuses(self) -> bool:
        """Whether it says no to anything, or yes to nothing."""
        answers = [*self.categories.values(), *self.services.values()]
        return not all(answers) or not any(answers)


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
    #: Counter of the decision that made it; None from one who never granted.
    n: int | None = None

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
            "n": self.n,
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
            n=value["n"],
        )


Choices = Mapping[str, Choice]


@dataclass(frozen=True)
class Held:
    """The choices that hold at one moment; complete for the bundle on which they were made."""

    categories: Choices
    #: The services that were answered one by one; each other one follows its category.
    services: Choices


class Question:
    """What a bundle asks, in the form in which decisions are read against it."""

    def __init__(self, bundle: Mapping[str, Any]):
        self.revision: int = bundle["revision"]
        self.months = months(bundle["reprompt_after"])
        self.required = [c["id"] for c in bundle["categories"] if c["required"]]
        self.optional = [c["id"] for c in bundle["categories"] if not c["required"]]
        #: Categories to which Global Privacy Control is a no.
        self.gpc = {c["id"] for c in bundle["categories"] if c.get("gpc")}
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

    def allowed(self, held: Held, instant: datetime) -> set[tuple[str, str]]:
        """Return what may be acted upon at an instant, staleness apart.

        :returns: pairs ``("category", id)`` and ``("service", id)``
        """
        return self.those(held, lambda choice: choice.is_live(instant))

    def those(self, held: Held, is_one: Callable[[Choice], bool]) -> set[tuple[str, str]]:
        """Return what has such a choice; a service that was not answered alone has its category's.

        :returns: pairs as of :meth:`allowed`
        """
        choices = {("category", id_): held.categories.get(id_) for id_ in self.optional}
        for id_, category in self.services.items():
            choices["service", id_] = held.services.get(id_, held.categories.get(category))
        return {key for key, choice in choices.items() if choice and is_one(choice)}


def question_of(publication: Publication) -> Question:
    """Return what a publication asks; shared and cached, so it is never changed.

    :raises RowUnreadable: somebody changed the row, and it asks nothing
    """
    found = _questions.get(publication.bundle_hash)
    if found is None:
        if len(_questions) >= MOST_QUESTIONS:
            _questions.clear()
        with as_written():
            found = _questions[publication.bundle_hash] = Question(bundle_of(publication))
    return found


#: Questions that a process keeps ready, by the hash of their bundle, which says it all.
MOST_QUESTIONS = 256
_questions: dict[str, Question] = {}


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


def choices_of(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Choice]:
    """Read the choices of a record."""
    return {id_: Choice.from_json(choice) for id_, choice in stored.items()}


def as_json(choices: Choices) -> dict[str, dict[str, Any]]:
    """Write choices in the form in which a record holds them."""
    return {id_: choice.as_json() for id_, choice in choices.items()}
