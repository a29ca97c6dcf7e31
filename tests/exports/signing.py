"""What the operator alone could do: change an export, and sign it with the log's key again."""

import base64
import csv
import hashlib
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.ledger.canonical import canonical
from consent_server.ledger.note import sign_note
from tests.exports.tampering import Parts, closing_of, csv_row, parts_of, parts_with

Change = Callable[[Parts, dict[str, Any]], None]


def signed_again(data: bytes, form: str, key: Ed25519PrivateKey, change: Change) -> bytes:
    """Return the export after a change of its lines or its manifest, signed as if it were so."""
    parts = parts_of(data, form)
    closing = closing_of(parts)
    manifest = closing["manifest"]
    change(parts, manifest)
    body = b"".join([*parts.head, *parts.rows, *parts.trailer])
    manifest["sha256"] = _base64url(hashlib.sha256(body).digest())
    digest = base64.b64encode(hashlib.sha256(canonical(manifest)).digest()).decode()
    origin = manifest["vkey"].partition("+")[0]
    closing["signature"] = sign_note(f"consent-export/v1\n{digest}\n", origin, key)
    if form == "csv":  # as wide as the header is now
        width = len(next(csv.reader([parts.head[0].decode()])))
        text = line_of(closing).decode().removesuffix("\n")
        return body + csv_row(["#manifest", text, *[""] * (width - 2)])
    return parts_with(parts, closing)


def line_of(value: Any) -> bytes:
    """Return a line of JSON as exports spell it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
