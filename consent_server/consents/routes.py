"""Record a decision, check a consent."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import Response
from flask.views import MethodView

from consent_server.consents import schemas, service
from consent_server.consents.answered import Request
from consent_server.consents.check import Answer, CheckQuestion, check
from consent_server.consents.choices import Decision
from consent_server.consents.device import Acknowledged, cookies_to_set
from consent_server.consents.errors import IdempotencyKeyMissing
from consent_server.consents.full_disk import record_with_reserve
from consent_server.ledger.canonical import canonical, digest
from consent_server.metrics.catalogue import DECISIONS, OWN_HOST, PEERS, VERDICTS_GIVEN
from consent_server.reserve import Reserve
from consent_server.sites.auth import require_key
from consent_server.sites.pages import cleared_for_page, preflight
from consent_server.tokens.keyring import KeyRing
from consent_server.web import cors, first_party, privacy_control, rates
from consent_server.web.api import Blueprint, StrictParser, body_read
from consent_server.web.clock import now
from consent_server.web.context import this_app, this_request
from consent_server.web.direct import Given, Way
from consent_server.web.peers import came_through
from consent_server.web.problems import InvalidRequest

pages = Blueprint(
    "consents", __name__, url_prefix="/v1/sites/<site_id>/consents", description="Decisions"
)
checks = Blueprint("checks", __name__, url_prefix="/v1/check", description="Consent checks")


def key_ring() -> KeyRing:
    """Return this process's key ring."""
    ring: KeyRing = this_app().extensions["consent_keys"]
    return ring


@pages.route("")
class Consents(MethodView):
    """Decisions of visitors, as pages of the site send them."""

    decorators = [cleared_for_page]  # noqa: RUF012

    @pages.doc(security=[])
    def options(self, site_id: str) -> Response:
        """Answer a preflight of a listed origin"""
        return preflight(["POST", "OPTIONS"], ["content-type", "idempotency-key"])

    @pages.arguments(schemas.RecordHeadersSchema, location="headers")
    @pages.arguments(schemas.DecisionSchema)
    @pages.response(201, schemas.RecordedSchema)
    @pages.alt_response(200, schema=schemas.RecordedSchema, description="Recorded before")
    @pages.alt_response(403, description="origin_not_allowed")
    @pages.alt_response(404, description="site_unknown")
    @pages.alt_response(409, description="bundle_outdated, build_unknown, idempotency_conflict")
    @pages.alt_response(429, description="rate_limited")
    @pages.alt_response(503, description="storage_full, row_unreadable, database_unavailable")
    def post(
        self, headers: dict[str, Any], body: tuple[Decision, str | None], site_id: str
    ) -> Response:
        """Record a visitor's decision

        Takes `application/json` with the header `Idempotency-Key`, or `text/plain` holding the
        same JSON with `idempotency_key` inside, which browsers send without a preflight.

        Where the service is mounted on the page's own host, the answer to a decision that is in
        force sets the widget's cookies, with the ends of the choice.
        """
        return _record(headers, body, site_id).response()


@checks.route("")
class Check(MethodView):
    """Questions of a site's own back end."""

    @checks.arguments(schemas.CheckQuerySchema, location="query")
    @checks.response(200, schemas.CheckAnswerSchema)
    @checks.alt_response(401, description="key_missing, key_invalid")
    @checks.alt_response(403, description="scope_missing, key_in_browser")
    @checks.alt_response(404, description="site_unknown")
    @checks.doc(security=[{"apiKey": []}])
    def get(self, asked: tuple[str, CheckQuestion]) -> Response:
        """Check one consent

        Authoritative: knows withdrawals. Whatever is wrong with the token is an answer
        (`granted: false`), not an error.
        """
        return _check(*asked).response()

    @checks.arguments(schemas.CheckManySchema)
    @checks.response(200, schemas.CheckAnswersSchema)
    @checks.alt_response(401, description="key_missing, key_invalid")
    @checks.alt_response(403, description="scope_missing, key_in_browser")
    @checks.alt_response(404, description="site_unknown")
    @checks.doc(security=[{"apiKey": []}])
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Check up to 100 consents of one site"""
        require_key("check", asked["site"])
        instant = now()
        answers = [check(asked["site"], item, key_ring(), instant) for item in asked["checks"]]
        _count_verdicts(answers)
        results = [answer.as_json() for answer in answers]
        return {
            "site": asked["site"],
            "results": results,
            "checked_at": results[0]["checked_at"],
        }


def _record(headers: dict[str, Any], body: tuple[Decision, str | None], site_id: str) -> Given:
    """Record a decision that was read, of a page of the site."""
    sent, key_in_body = body
    rates.count("denial" if sent.refuses else "grant", site_id)
    is_heard = sent.gpc or privacy_control.is_sent()
    asked = Request(
        decision=sent if sent.gpc is is_heard else replace(sent, gpc=True),
        key=_idempotency_key(headers["idempotency_key"], key_in_body),
        body_hash=_body_hash(),
    )
    instant = now()
    extensions = this_app().extensions
    ring: KeyRing = extensions["consent_keys"]
    reserve: Reserve = extensions["consent_reserve"]
    recorded = record_with_reserve(site_id, asked, ring, instant, reserve)
    answer = recorded.record.public()
    token = service.token_for(recorded, ring, extensions["consent_issuer"])
    if token is not None:
        answer["token"] = token
    elif not recorded.is_in_force:
        answer["superseded"] = True
    host = first_party.own_host(cors.request_origin())
    cookies: list[str] = []
    if host is not None and recorded.is_in_force:
        bundle = service.bundle_shown(recorded.record)
        kept = Acknowledged(recorded.record, bundle, sent, token, host)
        cookies = cookies_to_set(kept, instant)
    result = "recorded" if recorded.is_in_force else "superseded"
    DECISIONS.add(answer["event"], result if recorded.is_new else "repeated")
    through = came_through()
    PEERS.add(through)
    # A path of the site's host needs a proxy; without one, somebody wrote the headers by hand.
    OWN_HOST.add("own" if host is not None and through == "proxy" else "other")
    status = 201 if recorded.is_new else 200
    return Given(answer, status, [("Set-Cookie", cookie) for cookie in cookies])


def _check(site_id: str, question: CheckQuestion) -> Given:
    """Answer one question of whoever has a key of the site."""
    require_key("check", site_id)
    answer = check(site_id, question, key_ring(), now())
    _count_verdicts([answer])
    return Given(answer.as_json())


@cleared_for_page
def _record_directly(site_id: str) -> Given | None:
    request = this_request()
    headers = schemas.quick_key(request.headers)
    if headers is None:  # of two faults, the view tells the same one first
        return None
    body = schemas.quick_decision(StrictParser().load_json(request, schemas.DecisionSchema))
    return None if body is None else _record(headers, body, site_id)


def _check_directly() -> Given | None:
    asked = schemas.quick_query(this_request().args)
    return None if asked is None else _check(*asked)


#: What is asked all the time.
WAYS = (
    Way(
        "POST",
        re.compile(r"/v1/sites/(?P<site_id>[a-z0-9-]{3,40})/consents\Z"),
        "consents.Consents",
        _record_directly,
    ),
    Way("GET", re.compile(r"/v1/check\Z"), "checks.Check", _check_directly),
)


def _count_verdicts(answers: Iterable[Answer]) -> None:
    """Count what was asked about: the category that was named, else each of the site."""
    for answer in answers:
        asked = answer.category
        for verdict in [answer.categories[asked]] if asked else answer.categories.values():
            VERDICTS_GIVEN.add(verdict.reason)


def _idempotency_key(header: str | None, body: str | None) -> str:
    if header is not None and body is not None and header != body:
        fault = {"path": "idempotency_key", "message": "Header and body name different keys."}
        raise InvalidRequest([fault])
    key = header or body
    if key is None:
        raise IdempotencyKeyMissing
    return key


def _body_hash() -> str:
    """Hash what was decided, however it was spelled; the key itself is not a part of it."""
    body = {name: value for name, value in body_read().items() if name != "idempotency_key"}
    return digest(canonical(body))
