"""Static answers for pages of any origin: no cookie, no credential, the same for every visitor."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app, jsonify, request
from flask.views import MethodView
from werkzeug.exceptions import PreconditionFailed

from consent_server.embed.script import (
    StaticFile,
    WidgetUnknown,
    published,
    site_script,
    static_file,
)
from consent_server.ledger.canonical import digest
from consent_server.sites.looking import build_for_pages, in_force_for_pages
from consent_server.tokens.jwks import accepted_keys, public_keys
from consent_server.web.api import Blueprint

embed = Blueprint("embed", __name__, description="What pages load")

#: A script is asked about at each page view (304 when nothing changed): a stale bundle would show
#: a text that is no longer in force. A cache may go on for a week when the service is down.
SCRIPT_CACHE = "public, max-age=0, stale-if-error=604800"
FOREVER = "public, max-age=31536000, immutable"


class PublishedSchema(ma.Schema):
    """What a widget needs to know about its site."""

    hash = ma.fields.String(required=True)
    build = ma.fields.String(required=True)
    published_at = ma.fields.String(required=True, metadata={"format": "date-time"})
    bundle = ma.fields.Dict(required=True)
    keys = ma.fields.List(ma.fields.Dict(), required=True)


@embed.route("/s/<site_id>.js")
class SiteScript(MethodView):
    """The one script of a site."""

    @embed.response(200)
    @embed.gives("text/javascript")
    @embed.alt_response(304, description="Unchanged since the given ETag", success=True)
    @embed.alt_response(404, description="site_unknown")
    @embed.doc(security=[])
    def get(self, site_id: str) -> Response:
        """Get the script of a site: widget, bundle and texts in one response"""
        keys = accepted_keys(current_app.extensions["consent_keys"])
        file = site_script(in_force_for_pages(site_id), keys)
        return _javascript(file, SCRIPT_CACHE)


@embed.route("/widget/<build>.js")
class WidgetBuild(MethodView):
    """A pinned widget build."""

    @embed.response(200)
    @embed.gives("text/javascript")
    @embed.alt_response(304, description="Unchanged since the given ETag", success=True)
    @embed.alt_response(404, description="widget_unknown")
    @embed.doc(security=[])
    def get(self, build: str) -> Response:
        """Get one widget build, for ever the same bytes (subresource integrity)"""
        found = build_for_pages(build)
        if found is None:
            raise WidgetUnknown
        return _javascript(static_file(found), FOREVER)


@embed.route("/v1/sites/<site_id>/bundle")
class Bundle(MethodView):
    """The bundle apart from the widget."""

    @embed.response(200, PublishedSchema)
    @embed.alt_response(404, description="site_unknown")
    @embed.doc(security=[])
    def get(self, site_id: str) -> Response:
        """Get what a site has published"""
        keys = public_keys(current_app.extensions["consent_keys"])
        publication = in_force_for_pages(site_id)
        answer = jsonify(published(publication, keys))
        answer.headers["Cache-Control"] = SCRIPT_CACHE
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.set_etag(digest(answer.get_data()))  # the keys change too, not only the bundle
        return _conditional(answer)


def _javascript(file: StaticFile, cache: str) -> Response:
    """Answer with the smallest encoding that the client takes."""
    encoding = request.accept_encodings.best_match(["br", "gzip", "identity"], "identity")
    answer = Response(file.encoded(encoding), mimetype="text/javascript")
    answer.set_etag(f"{file.hash}-{encoding}")
    if encoding != "identity":
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Cache-Control"] = cache
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.vary.add("Accept-Encoding")
    return _conditional(answer)


def _conditional(answer: Response) -> Response:
    """Answer a question that depends on what the client has.

    :raises PreconditionFailed: it wants (``If-Match``) what this is not; with the headers of the
        file, a cache would keep the refusal in its place
    """
    conditional: Any = answer.make_conditional(request)
    if conditional.status_code == PreconditionFailed.code:
        raise PreconditionFailed
    return conditional
