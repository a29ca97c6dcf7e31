"""Any standard library verifies our tokens with the published keys, and comes to our verdict."""

import warnings

import joserfc.errors
import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from consent_server.tokens import jwks
from tests.tokens.samples import ISSUER, NOW, SITE, our_verdicts, thousand_tokens


def test_pyjwt_comes_to_our_verdict_on_a_thousand_tokens(ring):
    tokens = thousand_tokens(ring)
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(jwks(ring)).keys}

    def is_believed(token):
        try:
            key = keys[jwt.get_unverified_header(token)["kid"]]
            jwt.decode(token, key, ["EdDSA"], audience=SITE, issuer=ISSUER)
        except (KeyError, jwt.InvalidTokenError):
            return False
        return True

    verdicts = [is_believed(token) for token in tokens]

    assert verdicts == our_verdicts(tokens, ring)
    assert (len(verdicts), verdicts.count(True)) == (1000, 400)


def test_joserfc_comes_to_our_verdict_on_a_thousand_tokens(ring):
    tokens = thousand_tokens(ring)
    keys = KeySet.import_key_set(jwks(ring))
    registry = joserfc_jwt.JWTClaimsRegistry(
        now=int(NOW.timestamp()),
        aud={"essential": True, "value": SITE},
        iss={"essential": True, "value": ISSUER},
        exp={"essential": True},
    )

    def is_believed(token):
        try:
            registry.validate(joserfc_jwt.decode(token, keys, algorithms=["EdDSA"]).claims)
        except (joserfc.errors.JoseError, ValueError):
            return False
        return True

    with warnings.catch_warnings():
        # RFC 9864 deprecates the name EdDSA; PyJWT knows no other yet.
        warnings.simplefilter("ignore", joserfc.errors.SecurityWarning)
        verdicts = [is_believed(token) for token in tokens]

    assert verdicts == our_verdicts(tokens, ring)
