"""When and where one thing was seen."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consent_server.audit.observed import Stage

#: In the order in which people read them.
WORDS: dict[Stage, str] = {
    "before_choice": "before any choice",
    "after_refusal": "after a refusal",
    "after_acceptance": "after an acceptance",
    "withdrawing": "while the withdrawal took effect",
    "after_withdrawal": "after a withdrawal",
}
#: At these nothing optional may happen.
FORBIDDEN: tuple[Stage, ...] = ("before_choice", "after_refusal", "after_withdrawal")


@dataclass
class Occasions:
    """Stages, each with its pages in the order of the visit."""

    #: Stage → page → the first address that was asked for there.
    pages_by_stage: dict[Stage, dict[str, str]] = field(default_factory=dict)

    def add(self, stage: Stage, page: str, url: str = "") -> None:
        """Note that it was seen."""
        self.pages_by_stage.setdefault(stage, {}).setdefault(page, url)

    def example(self, stages: Iterable[Stage]) -> str:
        """Return the first address that was asked for at these stages."""
        return next(iter(self.pages_by_stage[next(iter(stages))].values()))

    def when(self, stages: Iterable[Stage] = WORDS) -> tuple[Stage, ...]:
        """Return at which of these stages it was seen, in their order."""
        wanted = set(stages)
        return tuple(stage for stage in WORDS if stage in self.pages_by_stage and stage in wanted)

    def pages(self, stages: Iterable[Stage]) -> tuple[str, ...]:
        """Return the pages on which it was seen at these stages."""
        found = (self.pages_by_stage.get(stage, {}) for stage in stages)
        return tuple(dict.fromkeys(page for pages in found for page in pages))


def in_words(stages: Iterable[Stage]) -> str:
    """Return ``before any choice, after a refusal and after a withdrawal``."""
    words = [WORDS[stage] for stage in stages if stage != "withdrawing"]
    if len(words) == len(WORDS) - 1:
        return "before any choice, and whatever was chosen then"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
