"""What is said under ``/.well-known``."""

import marshmallow as ma


class PrivacyControlSchema(ma.Schema):
    """The word on Global Privacy Control (W3C GPC, section 4)."""

    gpc = ma.fields.Boolean(required=True)
    lastUpdate = ma.fields.String(required=True, metadata={"format": "date"})


class JwkSchema(ma.Schema):
    """A public key (RFC 8037)."""

    kty = ma.fields.String(required=True)
    crv = ma.fields.String(required=True)
    x = ma.fields.String(required=True)
    kid = ma.fields.String(required=True)
    alg = ma.fields.String(required=True)
    use = ma.fields.String(required=True)


class JwksSchema(ma.Schema):
    """The public keys of the tokens (RFC 7517)."""

    keys = ma.fields.List(ma.fields.Nested(JwkSchema), required=True)
