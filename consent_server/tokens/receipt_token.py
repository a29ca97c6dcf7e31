"""A receipt as a compact JWS, signed by the key that signs consent tokens.

Its ``typ`` keeps it from passing for a token, as theirs keeps them from passing for a receipt.
"""

from typing import Any

from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.tokens.keyring import KeyRing

TYPE = "consent-receipt+jwt"


def sign_receipt(claims: dict[str, Any], ring: KeyRing) -> str:
    """Return the signed receipt; the same claims and key give the same text.

    :raises NotCanonical: the claims hold something that canonical JSON does not have
    :source: RFC 7515, RFC 8037, RFC 8725 section 3.11 (explicit typing)
    """
    key = ring.active
    header = {"alg": "EdDSA", "kid": key.kid, "typ": TYPE}
    content = f"{base64url_encode(canonical(header))}.{base64url_encode(canonical(claims))}"
    return key.signer.sign(content).decode()
