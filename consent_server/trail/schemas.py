"""The lines of the trail on their way out."""

import marshmallow as ma

from consent_server.trail.reasons import WhySchema
from consent_server.trail.service import LARGEST_NUMBER
from consent_server.web.fields import QueryInteger


class TrailSchema(WhySchema):
    """Which lines of the trail."""

    after = QueryInteger(load_default=0, validate=ma.validate.Range(0, LARGEST_NUMBER))
    limit = QueryInteger(load_default=100, validate=ma.validate.Range(1, 1000))


class TrailPageSchema(ma.Schema):
    """Some lines of the trail, in order."""

    lines = ma.fields.List(ma.fields.Dict(), required=True)
    next = ma.fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "`after` of the next page; null on the last."},
    )
