"""Publish the token keys, and the word on Global Privacy Control."""

from typing import Any

from flask import Response, abort, jsonify
from flask.views import MethodView

from consent_server.tokens.jwks import jwks
from consent_server.web.api import Blueprint
from consent_server.web.context import this_app
from consent_server.wellknown import schemas

keys = Blueprint("keys", __name__, url_prefix="/.well-known", description="Token keys")
gpc = Blueprint("gpc", __name__, url_prefix="/.well-known", description="Global Privacy Control")


@keys.route("/jwks.json")
class Jwks(MethodView):
    """Public keys of the consent tokens."""

    @keys.response(200, schemas.JwksSchema)
    @keys.doc(security=[])
    def get(self) -> Response:
        """Get the public keys of the tokens

        Holds the next key before it signs, so that a copy kept for an hour always knows it.
        """
        return _for_anybody(jwks(this_app().extensions["consent_keys"]))


@gpc.route("/gpc.json")
class PrivacyControl(MethodView):
    """Whether this host honours Global Privacy Control."""

    @gpc.response(200, schemas.PrivacyControlSchema)
    @gpc.alt_response(404, description="not_found")
    @gpc.doc(security=[])
    def get(self) -> Response:
        """Get the word on Global Privacy Control

        There only when the operator says so, by the setting CONSENT_GPC_UPDATED.
        """
        updated: str | None = this_app().extensions["consent_settings"].gpc_updated
        if updated is None:
            abort(404)
        return _for_anybody({"gpc": True, "lastUpdate": updated})


def _for_anybody(content: dict[str, Any]) -> Response:
    answer = jsonify(content)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
