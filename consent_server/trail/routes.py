"""The trail of a site, for whoever may administer it."""

from typing import Any

from flask.views import MethodView

from consent_server.sites.auth import require_key
from consent_server.trail import schemas
from consent_server.trail.reads import record_read
from consent_server.trail.service import lines_of, members_of
from consent_server.web.api import Blueprint

trail = Blueprint("trail", __name__, url_prefix="/v1/sites/<site_id>", description="The trail")


@trail.route("/trail")
class Trail(MethodView):
    """Who read or changed what."""

    @trail.arguments(schemas.TrailSchema, location="query")
    @trail.response(200, schemas.TrailPageSchema)
    @trail.alt_response(401, description="key_missing, key_invalid")
    @trail.alt_response(403, description="scope_missing, key_in_browser")
    @trail.alt_response(404, description="site_unknown")
    @trail.doc(security=[{"apiKey": []}])
    def get(self, asked: dict[str, Any], site_id: str) -> dict[str, Any]:
        """List who of the house read or changed what, oldest first; this read is in it too"""
        record_read(require_key("admin", site_id), "trail", asked["why"], after=asked["after"])
        page = lines_of(site_id, asked["after"], asked["limit"] + 1)
        shown = page[: asked["limit"]]
        return {
            "lines": [members_of(line) for line in shown],
            "next": shown[-1].number if len(page) > len(shown) else None,
        }
