"""The log of a site: checkpoint and keys for everybody, tiles for its auditors."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app
from flask.views import MethodView

from consent_server.ledger.tiles import WIDTH
from consent_server.sealing import proofs
from consent_server.sealing.countersigning import given_out_cosigned
from consent_server.sealing.notary import Notary
from consent_server.sites.auth import require_key
from consent_server.web.api import Blueprint
from consent_server.web.fields import QueryBoolean

log = Blueprint("log", __name__, url_prefix="/v1/sites/<site_id>", description="The log")
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
#: A full tile never changes; it needs a key, so no shared cache may keep it.
FOREVER = "private, max-age=31536000, immutable"
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}]


def notary() -> Notary:
    """Return what signs for this installation."""
    found: Notary = current_app.extensions["consent_notary"]
    return found


class CheckpointQuerySchema(ma.Schema):
    """Which checkpoint is asked for."""

    witnessed = QueryBoolean(load_default=False)


@log.route("/log/checkpoint")
class Checkpoint(MethodView):
    """The signed head of the log."""

    @log.arguments(CheckpointQuerySchema, location="query")
    @log.response(200)
    @log.gives("text/plain")
    @log.alt_response(404, description="site_unknown, log_empty, not_witnessed")
    @log.alt_response(409, description="log_inconsistent")
    @log.alt_response(500, description="log_key_unusable")
    @log.doc(security=[])
    def get(self, query: dict[str, Any], site_id: str) -> Response:
        """Get the newest checkpoint of a site's log (c2sp.org/tlog-checkpoint), with the
        cosignatures of its witnesses; with `witnessed`, the newest that enough of them have seen
        """
        if query["witnessed"]:
            found = proofs.require_witnessed(site_id, notary())
        else:
            found = proofs.require_checkpoint(site_id)
        return Response(given_out_cosigned(site_id, found, notary()), content_type=TEXT)


@log.route("/log/key")
class Key(MethodView):
    """The key of the log."""

    @log.response(200)
    @log.gives("text/plain")
    @log.alt_response(404, description="site_unknown")
    @log.doc(security=[])
    def get(self, site_id: str) -> Response:
        """Get the keys that sign the checkpoints, newest first (c2sp.org/signed-note, vkeys)"""
        keys = proofs.keys_at_work(site_id, notary())
        return Response("".join(f"{key.vkey}\n" for key in keys), content_type=TEXT)


class HandoversSchema(ma.Schema):
    """How the keys of a log took over from one another."""

    handovers = ma.fields.List(ma.fields.String(), required=True)


@log.route("/log/handovers")
class Handovers(MethodView):
    """What the keys of the log signed when one took over from another."""

    @log.response(200, HandoversSchema)
    @log.alt_response(404, description="site_unknown")
    @log.doc(security=[])
    def get(self, site_id: str) -> dict[str, list[str]]:
        """Get a note for each key that took over, signed by it and the one before it"""
        return {"handovers": proofs.handovers(site_id, notary())}


@log.route("/log/tile/<path:path>")
class Tiles(MethodView):
    """The tree in tiles."""

    @log.response(200)
    @log.gives(BYTES)
    @log.alt_response(401, description="key_missing, key_invalid")
    @log.alt_response(403, description="scope_missing, key_in_browser")
    @log.alt_response(404, description="site_unknown, tile_invalid")
    @log.doc(security=SECURITY)
    def get(self, site_id: str, path: str) -> Response:
        """Get the hashes of a tile, or its entries below `entries/` (c2sp.org/tlog-tiles)"""
        require_key("export", site_id)
        tile, content = proofs.tile_at_path(site_id, path)
        answer = Response(content, content_type=BYTES)
        if tile.width == WIDTH:
            answer.headers["Cache-Control"] = FOREVER
        return answer
