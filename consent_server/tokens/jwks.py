"""The public half of the key ring, as published at ``/.well-known/jwks.json`` and to the widget."""

from consent_server.tokens.keyring import KeyRing


def public_keys(ring: KeyRing) -> list[dict[str, str]]:
    """Return the JWKs of every key but the revoked ones, in order of creation.

    The next key is among them, so that copies held by pages and sites know it before it signs.

    :source: RFC 7517 (JSON Web Key), RFC 8037 (Ed25519 in JOSE)
    """
    return [dict(key.jwk) for key in ring.token_keys() if key.is_published]


def accepted_keys(ring: KeyRing) -> list[dict[str, str]]:
    """Return what it takes to check a token that is accepted now: ``kid`` and ``x`` of each key."""
    keys = [key.jwk for key in ring.token_keys() if key.is_accepted]
    return [{"kid": key["kid"], "x": key["x"]} for key in keys]


def jwks(ring: KeyRing) -> dict[str, list[dict[str, str]]]:
    """Return the JWK set (RFC 7517 section 5)."""
    return {"keys": public_keys(ring)}
