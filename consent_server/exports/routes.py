"""The audit export and the list of records, for programs with an API key."""

from typing import Any

import marshmallow as ma
from flask import Response, stream_with_context
from flask.views import MethodView

from consent_server.exports import schemas
from consent_server.exports.formats import FORMATS, pieces
from consent_server.exports.service import Selection, page_of
from consent_server.sites.auth import require_key
from consent_server.sites.service import require_site
from consent_server.web.api import Blueprint
from consent_server.web.problems import InvalidRequest

exports = Blueprint("exports", __name__, url_prefix="/v1/sites/<site_id>", description="Exports")
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}]


@exports.route("/export")
class Export(MethodView):
    """The audit export."""

    @exports.arguments(schemas.ExportSchema, location="query")
    @exports.response(200, content_type="text/csv")
    @exports.alt_response(401, description="key_missing, key_invalid")
    @exports.alt_response(403, description="scope_missing, key_in_browser")
    @exports.alt_response(404, description="site_unknown")
    @exports.doc(security=SECURITY)
    def get(self, asked: dict[str, Any], site_id: str) -> Response:
        """Export the records of a site as CSV or JSON Lines, streamed"""
        require_key("export", site_id)
        require_site(site_id, archived=True)
        format_ = FORMATS[asked["format"]]
        selection = Selection(site_id, asked["level"], asked["start"], asked["end"], asked["event"])
        answer = Response(stream_with_context(pieces(format_.write(selection))))
        answer.content_type = format_.media_type
        name = f"consents-{site_id}.{asked['format']}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


@exports.route("/consents")
class Records(MethodView):
    """The records, page by page."""

    @exports.arguments(schemas.ListSchema, location="query")
    @exports.response(200, schemas.RecordPageSchema)
    @exports.alt_response(401, description="key_missing, key_invalid")
    @exports.alt_response(403, description="scope_missing, key_in_browser")
    @exports.alt_response(404, description="site_unknown")
    @exports.doc(security=SECURITY)
    def get(self, asked: dict[str, Any], site_id: str) -> dict[str, Any]:
        """List the records of a site, oldest first"""
        require_key("export", site_id)
        try:
            after = schemas.read_cursor(asked["cursor"]) if asked["cursor"] is not None else None
        except ma.ValidationError as error:
            raise InvalidRequest([{"path": "cursor", "message": str(error.args[0])}]) from None
        selection = Selection(site_id, asked["level"], asked["start"], asked["end"], asked["event"])
        has_subject = asked["level"] == "subjects"
        page = page_of(selection, after, asked["limit"] + 1)
        shown = page[: asked["limit"]]
        is_last = len(page) <= asked["limit"]
        position = (shown[-1].recorded_at, shown[-1].record_id) if shown else None
        return {
            "records": [record.exported(with_subject=has_subject) for record in shown],
            "next": None if is_last or position is None else schemas.write_cursor(position),
        }
