"""Compare what was seen with what was declared. No browser is needed, and none is here."""

from collections.abc import Sequence
from dataclasses import dataclass

from consent_server.audit.findings import Finding
from consent_server.audit.judging.hosts import judge_hosts
from consent_server.audit.judging.limits import name_limits
from consent_server.audit.judging.stores import judge_stores
from consent_server.audit.judging.tags import judge_tags
from consent_server.audit.judging.widget import judge_widget
from consent_server.audit.seen import Seen


@dataclass(frozen=True)
class Verdict:
    """The result of an audit."""

    #: What fails it.
    findings: Sequence[Finding]
    #: What people should know besides.
    notes: Sequence[Finding]

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was found."""
        return not self.findings


def judge(seen: Seen, own: Sequence[str], *, accepts: bool) -> Verdict:
    """Judge what was seen.

    :param own: further hosts of the site's owner
    :param accepts: whether the life of a visitor who accepts was wanted
    """
    findings = judge_widget(seen)
    notes: list[Finding] = []
    if seen.declared is not None:
        tags = judge_tags(seen.lives, seen.declared)
        findings += tags
        for found in (
            judge_hosts(seen, own, {host for tag in tags for host in tag.details.get("hosts", ())}),
            judge_stores(seen),
        ):
            findings += [one for one in found if one.code not in NOTES]
            notes += [one for one in found if one.code in NOTES]
    notes += name_limits(seen, accepts=accepts)
    return Verdict(findings, notes)


#: Codes that fail no audit.
NOTES = {"sent_while_leaving", "store_of_others", "left_out", "not_seen"}
