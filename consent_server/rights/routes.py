"""What a visitor can see about this browser, by possession of the consent id."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app
from flask.views import MethodView

from consent_server.rights import service
from consent_server.sites.pages import cleared_for_page, preflight
from consent_server.web.api import Blueprint
from consent_server.web.clock import now
from consent_server.web.fields import Base64url

rights = Blueprint("rights", __name__, url_prefix="/v1/sites/<site_id>/me", description="Rights")
HEADERS = ["consent-id"]


class ConsentIdSchema(ma.Schema):
    """The bearer secret of the rights pages, never in an address."""

    consent_id = Base64url(22, data_key="Consent-Id", required=True)


def _subject(site_id: str, headers: dict[str, str]) -> str:
    subject: str = current_app.extensions["consent_keys"].subject(site_id, headers["consent_id"])
    return subject


@rights.route("")
class Me(MethodView):
    """The records about this browser."""

    decorators = [cleared_for_page]  # noqa: RUF012

    @rights.doc(security=[])
    def options(self, site_id: str) -> Response:
        """Answer a preflight of a listed origin"""
        return preflight(["GET", "OPTIONS"], HEADERS)

    @rights.arguments(ConsentIdSchema, location="headers")
    @rights.response(200)
    @rights.alt_response(403, description="origin_not_allowed")
    @rights.alt_response(404, description="site_unknown, consent_id_unknown")
    @rights.doc(security=[])
    def get(self, headers: dict[str, str], site_id: str) -> dict[str, Any]:
        """See every record about this browser"""
        return service.what_is_held(site_id, _subject(site_id, headers), now())


@rights.route("/receipt")
class Receipt(MethodView):
    """The receipt of what holds."""

    decorators = [cleared_for_page]  # noqa: RUF012

    @rights.doc(security=[])
    def options(self, site_id: str) -> Response:
        """Answer a preflight of a listed origin"""
        return preflight(["GET", "OPTIONS"], HEADERS)

    @rights.arguments(ConsentIdSchema, location="headers")
    @rights.response(200)
    @rights.alt_response(403, description="origin_not_allowed")
    @rights.alt_response(404, description="site_unknown, consent_id_unknown")
    @rights.doc(security=[])
    def get(self, headers: dict[str, str], site_id: str) -> dict[str, Any]:
        """Get the receipt of what holds now"""
        return service.receipt(site_id, _subject(site_id, headers))
