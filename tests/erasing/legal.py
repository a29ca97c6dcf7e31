"""A site that keeps sealed proofs for legal claims, and the key of whoever may read them."""

from typing import Any

from consent_server.ledger.restricted import new_private_key, private_key, public_key_of

#: What visitors are told, in the languages of the test document.
REASON = {
    "fr": "Une preuve scellée reste pour nos avocats.",
    "en": "A sealed proof is kept for our lawyers alone.",
}
#: PEM.
KEY, OTHER_KEY = new_private_key(), new_private_key()


def keeping(months: int = 36, key: bytes = KEY, **changes: Any) -> dict[str, Any]:
    """Return ``restricted_proof`` as a document has it."""
    public = public_key_of(private_key(key))
    return {"months": months, "key": public, "reason": dict(REASON), **changes}
