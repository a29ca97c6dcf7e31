"""The proof pack of one record: record, openings, exact texts and code, proof, in one document.

``docs/proof-pack.md`` is its format. Nothing in it is made for the occasion: the same record at the
same checkpoint gives the same bytes.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from consent_server.ledger.canonical import base64url_encode, digest
from consent_server.ledger.prooffile import ProofFile
from consent_server.sealing.disclosure import damaged, disclose_sealed, published_text
from consent_server.sealing.notary import Notary
from consent_server.sites.service import widget_build
from consent_server.vocabulary.texts import texts_of

FORMAT = "consent-proof/v1"

Pack = dict[str, Any]


def pack_of(site_id: str, record_id: str, notary: Notary, merge_delay: timedelta) -> Pack:
    """Return the proof pack of a record that is in the log, JSON-ready.

    :param merge_delay: within which a record is in the log
    :raises SiteUnknown: there is no such site (an archived one keeps its evidence)
    :raises RecordUnknown: the site has no such record
    :raises NotSealed: the record waits for its place
    :raises EvidenceDamaged: a part is not what its hash or its proof says
    :source: CNIL délibération 2020-092, proof of consent: what was shown, by its hash
    """
    found, proof = disclose_sealed(site_id, record_id, notary, merge_delay)
    record = found.record.exported(with_subject=True)
    keys = {"decision_key": found.decision_key, "subject_key": found.subject_key}
    opening = {name: base64url_encode(key) for name, key in keys.items()}
    return assembled(record, opening, proof, found.key.vkey)


def assembled(
    record: dict[str, Any], opening: Mapping[str, str], proof: ProofFile, vkey: str
) -> Pack:
    """Return the pack of a record whose proof and opening are there.

    :param record: as an export of level ``subjects`` has it
    :param opening: ``decision_key`` and ``subject_key``, base64url
    :raises EvidenceDamaged: what was shown is not what its hash says
    """
    bundle = published_text(record["site"], record["bundle"])
    return {
        "format": FORMAT,
        "record": record,
        "log_index": proof.index,
        "decision_key": opening["decision_key"],
        "subject_key": opening["subject_key"],
        "bundle": bundle,
        "build": _build_text(record["site"], record["build"]),
        "texts": texts_of(record, json.loads(bundle)),
        "proof": proof.text,
        "checkpoint": proof.checkpoint,
        "vkey": vkey,
    }


def as_json(pack: Pack) -> bytes:
    """Return the document, for people who open it in an editor too."""
    return json.dumps(pack, ensure_ascii=False, indent=2).encode() + b"\n"


def _build_text(site_id: str, build: str) -> str:
    """Return the exact source that the hash is over."""
    stored = widget_build(build)
    if stored is None or digest(bytes(stored.source)) != build:
        raise damaged(site_id, "build", build=build)
    return bytes(stored.source).decode()
