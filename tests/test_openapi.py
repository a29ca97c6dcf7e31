"""The OpenAPI document is valid, whole and true: random requests find nothing it does not say."""

import json
import re
import shutil

import hypothesis
import openapi_spec_validator
import pytest
import schemathesis

from consent_server import openapi
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.keys import create_key
from tests.application import NOW
from tests.builders import ORIGIN, VISITOR, a_document

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def service(sqlite_template, tmp_path_factory):
    """The service with one site and one key, for every request of this file."""
    folder = tmp_path_factory.mktemp("openapi")
    shutil.copy(sqlite_template, folder / "consent.db")
    environment = {
        "DATABASE_URL": f"sqlite:///{folder / 'consent.db'}",
        "CONSENT_DATA_DIR": str(folder),
    }
    app = create_app(load_settings(environment))
    with app.app_context():
        publish_in_log(a_document(), artifacts(), app.extensions["consent_notary"], NOW)
        _, app.extensions["key"] = create_key("demo", ["admin"], NOW)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def document(service):
    with service.app_context():
        return openapi.document()


def test_the_document_is_valid_openapi_3_1(document):
    openapi_spec_validator.validate(document)

    assert document["openapi"].startswith("3.1")


def test_every_route_for_programs_is_in_it(service, document):
    own = {"/openapi.json", "/docs", "/docs/style.css"}
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in service.url_map.iter_rules()
        if rule.rule not in own
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    described = {(path, method) for path, item in document["paths"].items() for method in item}
    described = {(path, method) for path, method in described if method != "parameters"}
    assert described == routes


def test_every_answer_that_is_an_error_is_a_problem(document):
    components = document["components"]["responses"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            for status, response in operation["responses"].items():
                if "$ref" in response:
                    response = components[response["$ref"].rsplit("/", 1)[1]]
                if status == "default" or int(status) >= 400:
                    assert list(response["content"]) == [PROBLEM], (path, method, status)


def test_no_example_or_default_address_leads_to_another_host(document):
    hosts = set(re.findall(r"https?://[^/\"\s]+", json.dumps(document)))

    assert hosts <= {"https://shop.example"}


def test_random_requests_find_nothing_undocumented(service):
    schema = schemathesis.openapi.from_wsgi("/openapi.json", service)
    key = {"Authorization": f"Bearer {service.extensions['key']}"}
    page = {"Origin": ORIGIN, "Consent-Id": VISITOR}
    statuses = set()

    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def probe(case):
            is_page = "/me" in case.path or (case.method == "POST" and "consents" in case.path)
            if "site_id" in case.path_parameters and hash(str(case.body)) % 3:
                case.path_parameters["site_id"] = "demo"
            headers = page if is_page else key
            answer = case.call(headers=headers)
            statuses.add(answer.status_code)
            assert answer.status_code < 500
            case.validate_response(
                answer,
                excluded_checks=[
                    # what a decision must be beyond its form is not in a JSON Schema
                    schemathesis.checks.CHECKS.get_one("positive_data_acceptance"),
                    # calls with our key, and again without
                    schemathesis.checks.CHECKS.get_one("ignored_auth"),
                ],
            )

        probe()

    assert {200, 404, 422} <= statuses
