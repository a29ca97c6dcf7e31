"""F-27: random requests to every operation find nothing that the OpenAPI document does not say."""

from collections import Counter
from datetime import UTC, datetime

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as some
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    positive_data_acceptance,
    response_schema_conformance,
)

from consent_server import rowscope
from tests.builders import ORIGIN, OTHER_VISITOR, VISITOR, a_decision, new_key, widget_build
from tests.fault.trials import SEED, SHARE, Trials
from tests.fuzz.filled import OPERATOR, filled

#: What a decision must be beyond its form (the bundle in force, the categories of the site) is not
#: in a JSON Schema, so what fits may be refused.
LEFT_OUT = [positive_data_acceptance]
#: Requests of each operation.
EXAMPLES = max(20, round(500 * SHARE))
#: What a request carries instead of the key that it needs.
BAD_KEYS = [{}, {"Authorization": "Bearer cp_live_00000000_x"}, {"Authorization": "Basic ZGVtbzox"}]
TILE = {"site_id": "demo", "path": "0/000.p/3"}


@schemathesis.deserializer("application/x-ndjson", "text/*")
def as_text(_context, response):
    """Read what is a text to the document, also a compressed one; else it would be read as JSON."""
    return response.content.decode(errors="replace")


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, tmp_path):
    """The filled service, once on each database; its clock is the machine's."""
    url = request.getfixturevalue(f"{request.param}_url")
    with filled(url, tmp_path / "var", datetime.now(UTC)) as made:
        yield request.param, made


def headers_for(service, operation):
    """Return what somebody sends who may call an operation, and whether it takes a key to call."""
    if operation.path == "/metrics":
        return {"Authorization": f"Bearer {OPERATOR}"}, True
    if "Authorization" in {header.name for header in operation.headers}:
        scope = "check" if "check" in operation.path else "export"
        return service.keys["admin" if "trail" in operation.path else scope], True
    # A visitor whom no random request erases, and one for that.
    visitor = OTHER_VISITOR if operation.method == "delete" else VISITOR
    return {"Origin": ORIGIN, "Consent-Id": visitor}, False


def cases_of(service, operation):
    """Requests of the documented form, of another one, and such as find something."""
    take = operation.as_strategy
    known = {**TILE, "record_id": service.record, "build": widget_build()}
    path = {part.name: known[part.name] for part in operation.path_parameters}
    known = {"site": "demo", "token": service.token, "record": service.record}
    asked = {part.name for part in operation.query} & known.keys()
    found = {"path_parameters": path, "query": {name: known[name] for name in asked}}
    if operation.path == "/v1/check" and operation.body:
        found["body"] = {"site": "demo", "checks": [{"token": service.token}]}
    ways = [take(**found), take()]
    if operation.body and "body" not in found:
        ways.insert(0, some.integers(2, 2**53 - 1).flatmap(lambda n: take(**a_post(path, n))))
    if path or operation.query or operation.body:
        ways.append(take(GenerationMode.NEGATIVE))
    return some.one_of(ways)  # the first is tried first


def a_post(path, n):
    """What is given of a request that records a decision."""
    body, key = a_decision(n=n, idempotency_key=...), {"Idempotency-Key": new_key()}
    return {"path_parameters": path, "headers": key, "body": body}


def statuses_of(service, operation):
    """Ask at random for one operation; gives how often each status was the answer."""
    statuses = Counter()
    headers, takes_key = headers_for(service, operation)
    keys = [headers] * 4 + (BAD_KEYS if takes_key else [])

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(cases_of(service, operation), some.sampled_from(keys))
    def ask(case, key):
        answer = case.call(headers=key)
        # Beside forms in JSON, schemathesis reads a JWT as one of them: its body is left alone.
        is_jwt = answer.headers.get("content-type") == ["application/jwt"]
        left_out = [*LEFT_OUT, response_schema_conformance] if is_jwt else LEFT_OUT
        case.validate_response(answer, excluded_checks=left_out, headers=key)
        assert answer.status_code < 500
        assert answer.status_code >= 400 or key not in BAD_KEYS
        statuses[answer.status_code] += 1

    ask()
    return statuses


def test_random_requests_find_nothing_undocumented(service):
    engine, made = service
    schema = schemathesis.openapi.from_wsgi("/openapi.json", made.app)
    operations = [result.ok() for result in schema.get_all_operations()]
    trials = Trials(f"F-27 {engine}", "random requests", len(operations), least=len(operations))
    for number in trials:
        statuses = statuses_of(made, operations[number])
        good = sum(times for status, times in statuses.items() if status < 300)
        trials.counts["requests"] += statuses.total()
        trials.counts["answered 2xx"] += good
        trials.counts["operations that were"] += bool(good)
        if not good:
            trials.fail(number, f"{operations[number].label} finds nothing: {dict(statuses)}")
    trials.close(input="OpenAPI")

    assert trials.failures == []


def test_the_requests_would_find_a_route_that_asks_for_no_key(service, monkeypatch):
    _, made = service

    def believe(_scope, site_id):  # without it, PostgreSQL shows no row of any site
        rowscope.enter(rowscope.of_site(site_id))

    monkeypatch.setattr("consent_server.consents.routes.require_key", believe)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", made.app)
    operations = [result.ok() for result in schema.get_all_operations()]
    (check,) = [one for one in operations if one.label == "GET /v1/check"]

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        statuses_of(made, check)
