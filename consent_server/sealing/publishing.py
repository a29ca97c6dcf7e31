"""The use case of an operator with a new document: publish it, and put it into the log at once."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from consent_server.log.tree import is_bundle, last_checkpoint
from consent_server.sealing.errors import LogInconsistent, SealRefused
from consent_server.sealing.journal import entries_in
from consent_server.sealing.notary import Notary
from consent_server.sealing.service import seal
from consent_server.sites.artifacts import Artifacts
from consent_server.sites.document import SiteDocument
from consent_server.sites.models import Publication
from consent_server.sites.publishing import publish
from consent_server.sites.service import is_in_force


@dataclass(frozen=True)
class Published:
    """What was published, and whether pages get it already."""

    publication: Publication
    #: Why it is not in force yet; None when it is.
    pending: str | None


def publish_in_log(
    document: SiteDocument,
    artifacts: Artifacts,
    notary: Notary,
    now: datetime,
    *,
    immaterial: bool = False,
    reason: str | None = None,
    before_commit: Callable[[Publication], object] = bool,
) -> Published:
    """Freeze a document as the site's next bundle, and sign the log that has its hash.

    Until the log has it, pages get what was published before: nobody is shown what nobody can
    prove. A log that cannot be signed keeps the publication waiting; it comes into force with the
    next run of the sequencer that succeeds.

    :param now: aware, UTC
    :param before_commit: see :func:`consent_server.sites.publishing.publish`
    :raises ReasonMissing: see :func:`consent_server.sites.publishing.publish`
    :raises NothingToPublish: the same is published already
    :source: R049; CNIL délibération 2020-092 (proof of consent): the hash, published with its date
    """
    publication = publish(
        document,
        artifacts,
        now,
        immaterial=immaterial,
        reason=reason,
        promised=promised_bundles(document.site, notary),
        before_commit=before_commit,
    )
    return Published(publication, bring_into_force(publication, notary, now))


def promised_bundles(site_id: str, notary: Notary) -> Collection[bytes]:
    """Return the entries of bundles that were signed, and that a restored database lacks.

    What is published before its log goes on (``backup.recovery``) has to be told from those.
    """
    last = last_checkpoint(site_id)
    size = last.size if last is not None else 0
    promised = None
    with suppress(LogInconsistent):  # of a damaged file: nothing is signed then either
        promised = notary.promised(site_id)
    if promised is None or promised.size <= size:
        return ()
    found = entries_in([notary.journal(site_id)], size, promised.size)
    return [entry for entries in found.values() for entry in entries if is_bundle(entry)]


def bring_into_force(publication: Publication, notary: Notary, now: datetime) -> str | None:
    """Sign the log that has the hash of a publication; return why it is not in force, if so."""
    try:
        seal(publication.site_id, notary, now)
    except SealRefused as refusal:
        # It may be another entry that could not be put into the log.
        return None if is_in_force(publication) else f"its log is not signed: {refusal}"
    is_there = is_in_force(publication)
    return None if is_there else "another process is at work on its log and will add it"
