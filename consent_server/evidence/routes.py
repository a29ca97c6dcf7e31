"""The proof pack of one record, for a site's auditors."""

from datetime import timedelta
from typing import Any

import marshmallow as ma
from flask import Response, current_app
from flask.views import MethodView

from consent_server.evidence.formats import FORMATS, proof_in
from consent_server.settings import Settings
from consent_server.sites.auth import require_key
from consent_server.trail.reads import record_read
from consent_server.trail.reasons import WhySchema
from consent_server.trail.service import entry_of
from consent_server.web.api import Blueprint

evidence = Blueprint(
    "evidence", __name__, url_prefix="/v1/sites/<site_id>", description="Proof packs"
)


class ProofSchema(WhySchema):
    """In which form."""

    format = ma.fields.String(load_default="pack", validate=ma.validate.OneOf(list(FORMATS)))


@evidence.route("/consents/<record_id>/proof")
class Proof(MethodView):
    """The proof of one record."""

    @evidence.arguments(ProofSchema, location="query")
    @evidence.response(200)
    @evidence.gives(*(one.media_type for one in FORMATS.values()))
    @evidence.alt_response(401, description="key_missing, key_invalid")
    @evidence.alt_response(403, description="scope_missing, key_in_browser")
    @evidence.alt_response(404, description="site_unknown, record_unknown")
    @evidence.alt_response(409, description="not_sealed, evidence_damaged")
    @evidence.doc(security=[{"apiKey": []}])
    def get(self, asked: dict[str, Any], site_id: str, record_id: str) -> Response:
        """Get all that proves one record offline: as JSON, as a page, or as c2sp.org/tlog-proof"""
        credential = require_key("export", site_id)
        settings: Settings = current_app.extensions["consent_settings"]
        merge_delay = timedelta(seconds=settings.merge_delay)
        format_ = FORMATS[asked["format"]]
        notary = current_app.extensions["consent_notary"]
        content = proof_in(asked["format"], site_id, record_id, notary, merge_delay)
        about = entry_of(site_id, record_id)
        record_read(credential, "proof", asked["why"], format=asked["format"], **about)
        answer = Response(content, content_type=format_.media_type)
        if format_.extension is not None:
            name = f"consent-proof-{record_id}.{format_.extension}"
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
