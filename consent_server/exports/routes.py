"""The audit export and the list of records, for programs with an API key."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app
from flask.views import MethodView

from consent_server.exports import schemas
from consent_server.exports.formats import FORMATS
from consent_server.exports.listing import page_of
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export as AuditExport
from consent_server.sealing.disclosure import readable
from consent_server.sites.auth import require_key
from consent_server.trail.reads import record_read
from consent_server.web.api import Blueprint
from consent_server.web.problems import InvalidRequest
from consent_server.web.tenancy import streamed

exports = Blueprint("exports", __name__, url_prefix="/v1/sites/<site_id>", description="Exports")
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}]


@exports.route("/export")
class Export(MethodView):
    """The audit export."""

    @exports.arguments(schemas.ExportSchema, location="query")
    @exports.response(200)
    @exports.gives(*(one.media_type for one in FORMATS.values()))
    @exports.alt_response(401, description="key_missing, key_invalid")
    @exports.alt_response(403, description="scope_missing, key_in_browser")
    @exports.alt_response(404, description="site_unknown, checkpoint_unknown")
    @exports.alt_response(409, description="log_inconsistent, evidence_damaged")
    @exports.doc(security=SECURITY)
    def get(self, asked: dict[str, Any], site_id: str) -> Response:
        """Export the records of a site with what proves them, streamed (docs/exports.md)"""
        credential = require_key("export", site_id)
        notary = current_app.extensions["consent_notary"]
        export = AuditExport(
            _selection(asked, site_id), asked["format"], notary, asked["checkpoint"]
        )
        facts = {"format": asked["format"], "checkpoint": export.head.size}
        line = record_read(credential, "export", asked["why"], **export.selection.facts, **facts)
        replica = current_app.extensions["consent_replica"]
        if replica is not None:
            export.source.prefer(replica, line)
        answer = Response(streamed(export.pieces()))
        answer.content_type = FORMATS[asked["format"]].media_type
        name = f"consents-{site_id}.{asked['format']}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _selection(asked: dict[str, Any], site_id: str) -> Selection:
    names = ("level", "start", "end", "event", "bundle")
    return Selection(site_id, **{name: asked[name] for name in names})


@exports.route("/consents")
class Records(MethodView):
    """The records, page by page."""

    @exports.arguments(schemas.ListSchema, location="query")
    @exports.response(200, schemas.RecordPageSchema)
    @exports.alt_response(401, description="key_missing, key_invalid")
    @exports.alt_response(403, description="scope_missing, key_in_browser")
    @exports.alt_response(404, description="site_unknown")
    @exports.alt_response(409, description="evidence_damaged")
    @exports.doc(security=SECURITY)
    def get(self, asked: dict[str, Any], site_id: str) -> dict[str, Any]:
        """List the records of a site, oldest first"""
        credential = require_key("export", site_id)
        try:
            after = schemas.read_cursor(asked["cursor"]) if asked["cursor"] is not None else None
        except ma.ValidationError as error:
            raise InvalidRequest([{"path": "cursor", "message": str(error.args[0])}]) from None
        selection = _selection(asked, site_id)
        about = {"limit": asked["limit"], "is_first": after is None}
        record_read(credential, "list", asked["why"], **selection.facts, **about)
        has_subject = asked["level"] == "subjects"
        with readable(site_id):
            page = page_of(selection, after, asked["limit"] + 1)
            shown = page[: asked["limit"]]
            records = [record.exported(with_subject=has_subject) for record in shown]
        is_last = len(page) <= asked["limit"]
        position = (shown[-1].recorded_at, shown[-1].record_id) if shown else None
        following = None if is_last or position is None else schemas.write_cursor(position)
        return {"records": records, "next": following}
