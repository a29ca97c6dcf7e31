"""What a visitor can see and erase about this browser, by possession of the consent id."""

from datetime import timedelta
from typing import Any

import marshmallow as ma
from flask import Response, current_app, jsonify
from flask.views import MethodView

from consent_server.erasing.erasedlist import ErasedList
from consent_server.rights import downloads, receipt_page, receipts, service
from consent_server.sealing.disclosure import readable
from consent_server.settings import Settings
from consent_server.sites.pages import cleared_for_page, preflight
from consent_server.web import rates
from consent_server.web.api import Blueprint
from consent_server.web.clock import now
from consent_server.web.fields import Base64url, QueryInteger
from consent_server.web.problems import InvalidRequest

rights = Blueprint("rights", __name__, url_prefix="/v1/sites/<site_id>/me", description="Rights")
HEADERS = ["consent-id"]
#: Form of the records → media type, maker of the file.
DOWNLOADS = {
    "jsonld": ("application/ld+json", downloads.as_jsonld),
    "csv": ("text/csv; charset=utf-8", downloads.as_csv),
}
#: Form of a receipt → media type.
RECEIPTS = {
    "jsonld": "application/ld+json",
    "html": "text/html; charset=utf-8",
    "kantara": "application/json",
    "jwt": "application/jwt",
}


class ConsentIdSchema(ma.Schema):
    """The bearer secret of the rights pages, never in an address."""

    consent_id = Base64url(22, data_key="Consent-Id", required=True)


class KeptSchema(ma.Schema):
    """The sealed proof that is kept for legal claims alone."""

    until = ma.fields.String(
        required=True, metadata={"description": "It is deleted on this day.", "format": "date-time"}
    )
    reason = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        required=True,
        metadata={"description": "Language → why, in the words of the site."},
    )


class ErasedSchema(ma.Schema):
    """What was erased."""

    site = ma.fields.String(required=True)
    erased = ma.fields.Integer(
        required=True, metadata={"description": "How many records there were."}
    )
    kept = ma.fields.Nested(
        KeptSchema, metadata={"description": "Absent where nothing is kept (docs/retention.md)."}
    )


class ErasureSchema(ma.Schema):
    """What else the browser knows."""

    n = QueryInteger(
        load_default=None,
        validate=ma.validate.Range(1, 2**53 - 1),
        metadata={"description": "The highest number given to a decision, arrived here or not."},
    )


class OwnIdSchema(ma.Schema):
    """The same; one who never granted has none."""

    consent_id = Base64url(22, data_key="Consent-Id", load_default=None)


class FormSchema(ma.Schema):
    """In which form."""

    format = ma.fields.String(load_default="json", validate=ma.validate.OneOf(["json", *DOWNLOADS]))


class ReceiptSchema(ma.Schema):
    """Which receipt, in which form."""

    format = ma.fields.String(load_default="jsonld", validate=ma.validate.OneOf(list(RECEIPTS)))
    record = Base64url(22, load_default=None)


def _subject(site_id: str, consent_id: str) -> str:
    rates.count("rights", site_id)  # what could be guessed at, is counted
    subject: str = current_app.extensions["consent_keys"].subject(site_id, consent_id)
    return subject


def _issuer() -> receipts.Issuer:
    settings: Settings = current_app.extensions["consent_settings"]
    return receipts.Issuer(
        current_app.extensions["consent_issuer"],
        current_app.extensions["consent_keys"],
        current_app.extensions["consent_notary"],
        timedelta(seconds=settings.merge_delay),
    )


@rights.route("")
class Me(MethodView):
    """The records about this browser."""

    decorators = [cleared_for_page]  # noqa: RUF012

    @rights.doc(security=[])
    def options(self, site_id: str) -> Response:
        """Answer a preflight of a listed origin"""
        return preflight(["GET", "DELETE", "OPTIONS"], HEADERS)

    @rights.arguments(ConsentIdSchema, location="headers")
    @rights.arguments(FormSchema, location="query")
    @rights.response(200)
    @rights.gives("application/json", *(media_type for media_type, _ in DOWNLOADS.values()))
    @rights.alt_response(403, description="origin_not_allowed")
    @rights.alt_response(404, description="site_unknown, consent_id_unknown")
    @rights.alt_response(409, description="evidence_damaged")
    @rights.alt_response(429, description="rate_limited")
    @rights.doc(security=[])
    def get(self, headers: dict[str, str], asked: dict[str, str], site_id: str) -> Any:
        """See every record about this browser, or download them as JSON-LD or CSV"""
        subject = _subject(site_id, headers["consent_id"])
        if asked["format"] == "json":
            return service.what_is_held(site_id, subject, now())
        media_type, make = DOWNLOADS[asked["format"]]
        with readable(site_id):
            made = make(service.records_of(site_id, subject))
        answer = Response(made, content_type=media_type)
        name = f"consents-{site_id}.{asked['format']}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @rights.arguments(ConsentIdSchema, location="headers")
    @rights.arguments(ErasureSchema, location="query")
    @rights.response(200, ErasedSchema)
    @rights.alt_response(403, description="origin_not_allowed")
    @rights.alt_response(404, description="site_unknown, consent_id_unknown")
    @rights.alt_response(429, description="rate_limited")
    @rights.doc(security=[])
    def delete(self, headers: dict[str, str], sent: dict[str, Any], site_id: str) -> dict[str, Any]:
        """Erase every record about this browser, at once and for good"""
        erased: ErasedList = current_app.extensions["consent_erased"]
        subject = _subject(site_id, headers["consent_id"])
        done = service.erase(site_id, subject, now(), erased, up_to=sent["n"] or 0)
        return done.as_told(site_id)


@rights.route("/receipt")
class Receipt(MethodView):
    """The receipt of one record."""

    decorators = [cleared_for_page]  # noqa: RUF012

    @rights.doc(security=[])
    def options(self, site_id: str) -> Response:
        """Answer a preflight of a listed origin"""
        return preflight(["GET", "OPTIONS"], HEADERS)

    @rights.arguments(OwnIdSchema, location="headers")
    @rights.arguments(ReceiptSchema, location="query")
    @rights.response(200)
    @rights.gives(*RECEIPTS.values())
    @rights.alt_response(403, description="origin_not_allowed")
    @rights.alt_response(404, description="site_unknown, consent_id_unknown")
    @rights.alt_response(409, description="evidence_damaged")
    @rights.alt_response(429, description="rate_limited")
    @rights.doc(security=[])
    def get(self, headers: dict[str, Any], asked: dict[str, Any], site_id: str) -> Response:
        """Get a receipt: a page, JSON-LD (ISO/IEC TS 27560), Kantara 1.1, or signed (JWS)"""
        consent_id = headers["consent_id"]
        if consent_id is None and asked["record"] is None:
            message = "Missing data for required field."
            raise InvalidRequest([{"path": "Consent-Id", "message": message}])
        if consent_id is None:
            rates.count("rights", site_id)
        subject = None if consent_id is None else _subject(site_id, consent_id)
        found = receipts.find_receipt(site_id, subject, asked["record"], now())
        with readable(site_id):
            return _in_form(asked["format"], found)


def _in_form(form: str, found: receipts.Receipt) -> Response:
    if form == "html":
        page = receipt_page.as_page(found, receipts.signed(found, _issuer()))
        answer = Response(page, content_type=RECEIPTS[form])
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{receipt_page.nonce_of(found)}'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return answer
    if form == "jwt":
        return Response(receipts.signed(found, _issuer()), content_type=RECEIPTS[form])
    if form == "kantara":
        return jsonify(found.as_kantara())
    answer = jsonify(found.as_jsonld())
    answer.content_type = RECEIPTS[form]
    return answer
