"""What an audit says: findings, which fail it, and notes, which do not."""

from dataclasses import dataclass, field
from typing import Any

#: Code → the heading under which people read it. The codes are stable: scripts read them.
HEADINGS = {
    "widget_missing": "pages without the widget",
    "other_site": "pages with the widget of another site",
    "not_asked": "pages that ask nothing",
    "answer_unusable": "an answer that cannot be given",
    "answers_unequal": "the two answers do not look alike",
    "acceptance_failed": "an acceptance that does not hold",
    "way_back_missing": "no way back to the choices",
    "way_back_unusable": "a way back that visitors cannot use",
    "withdrawal_missing": "no way to withdraw",
    "host_without_consent": "contacted without consent",
    "store_without_consent": "stored without consent",
    "store_not_deleted": "still on the device after a withdrawal",
    "undeclared_host": "contacted, but not declared",
    "undeclared_store": "stored, but not declared",
    "tag_not_marked": "tags that nothing holds back",
    "tag_loads_at_once": "marked tags that load at once all the same",
    "tag_category_unknown": "tags of a category that is not published",
    "tag_category_other": "tags under another category than their service",
    "tag_service_unknown": "tags of a service that is not declared",
    "left_out": "not looked at",
    "sent_while_leaving": "sent while the page was being left",
    "store_of_others": "out of this site's reach",
    "not_seen": "declared, but not seen",
}


@dataclass(frozen=True)
class Finding:
    """One thing that somebody should do something about."""

    #: One of :data:`HEADINGS`.
    code: str
    #: What it is about, as one name: a host, a store, a tag, a page.
    subject: str
    #: What happened, in one or two sentences.
    message: str
    #: What to do about it.
    remedy: str
    #: Stages at which it was seen, in their order.
    when: tuple[str, ...] = ()
    #: Pages on which it was seen.
    pages: tuple[str, ...] = ()
    category: str | None = None
    service: str | None = None
    #: More for machines: ``kind``, ``place``, ``http_only`` of a store; ``url`` of a request.
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return every field, for JSON; the same keys for each finding."""
        return {
            "code": self.code,
            "subject": self.subject,
            "category": self.category,
            "service": self.service,
            "when": list(self.when),
            "pages": list(self.pages),
            "message": self.message,
            "remedy": self.remedy,
            "details": self.details,
        }
