"""The forms in which a proof is given out."""

from dataclasses import dataclass
from datetime import timedelta

from consent_server.evidence.pack import as_json, pack_of
from consent_server.evidence.page import as_page
from consent_server.sealing.disclosure import disclose_sealed
from consent_server.sealing.notary import Notary


@dataclass(frozen=True)
class Format:
    """One form of a proof."""

    media_type: str
    #: Of the file that a browser makes of it; None where it shows the text.
    extension: str | None


FORMATS = {
    "pack": Format("application/json", "json"),
    "html": Format("text/html; charset=utf-8", "html"),
    "tlog-proof": Format("text/plain; charset=utf-8", None),
}


def proof_in(
    form: str, site_id: str, record_id: str, notary: Notary, merge_delay: timedelta
) -> bytes:
    """Return the proof of a record in one of :data:`FORMATS`.

    :raises ConsentError: see :func:`pack_of`
    """
    if form == "tlog-proof":
        return disclose_sealed(site_id, record_id, notary, merge_delay)[1].text.encode()
    pack = pack_of(site_id, record_id, notary, merge_delay)
    return as_page(pack) if form == "html" else as_json(pack)
