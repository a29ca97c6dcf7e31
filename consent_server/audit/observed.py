"""What was seen of a site: three lives of a visitor, step by step, before anybody judges it."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from consent_server.audit.netlog import Contact
from consent_server.audit.tags import Tag

#: Where a visitor stands. ``withdrawing``: it was pressed, and the page is still the old one.
Stage = Literal[
    "before_choice", "after_refusal", "after_acceptance", "withdrawing", "after_withdrawal"
]
LifeName = Literal["no_choice", "refusal", "withdrawal"]


@dataclass(frozen=True)
class Stored:
    """One thing on the device."""

    #: As in a document: cookie, local_storage, session_storage, indexed_db, cache, worker.
    kind: str
    #: Of a worker, the address of its script.
    name: str
    #: Domain of a cookie, host of everything else.
    place: str
    http_only: bool = False


@dataclass(frozen=True)
class Control:
    """A button or link, as a visitor meets it."""

    #: ``the widget's own button “Cookie choices”``, or the element of the page.
    what: str
    #: In words, each completing "it …"; empty when it can be seen, reached and used.
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answers:
    """The two answers of the banner."""

    #: Problems of each, as of any control; None when it is not there.
    accept: Control | None
    reject: Control | None
    #: Property → values of Accept and Reject, where they differ.
    differences: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class Sight:
    """What one page looked like at one stage, after it had come to rest."""

    page: str
    stage: Stage
    #: Seconds since the epoch; what the network log has from here on belongs to this sight.
    began: float
    has_widget: bool = True
    stored: list[Stored] = field(default_factory=list)
    #: Only where it was looked for: before a choice.
    tags: list[Tag] | None = None
    answers: Answers | None = None
    #: Only where it was looked for: after a choice.
    ways_back: list[Control] | None = None
    #: Things that went wrong in the visitor's hands: the code of a finding, and the detail.
    mishaps: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Life:
    """One visitor with an empty device."""

    name: LifeName
    sights: list[Sight] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)

    def contacts_by_sight(self) -> Iterator[tuple[Sight, Contact]]:
        """Yield each contact with the sight during which it was made."""
        starts = [sight.began for sight in self.sights]
        for contact in self.contacts:
            yield self.sights[max(bisect_right(starts, contact.at) - 1, 0)], contact
