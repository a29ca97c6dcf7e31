"""The OpenAPI document is valid and whole; tests/fuzz/test_requests.py holds the service to it."""

import json
import re
from urllib.parse import urljoin

import openapi_spec_validator
import pytest

from consent_server import openapi
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.worker import answers

PROBLEM = "application/problem+json"
#: Under a path, which the proxy takes off: the application is never told of it.
PUBLIC = "https://service.example/consent"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The service, whose database nobody asks for."""
    folder = tmp_path_factory.mktemp("openapi")
    environment = {
        "DATABASE_URL": f"sqlite:///{folder / 'consent.db'}",
        "CONSENT_PUBLIC_URL": PUBLIC,
        "CONSENT_DATA_DIR": str(folder),
    }
    app = create_app(load_settings(environment))
    yield app
    with app.app_context():
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


def test_every_good_answer_says_of_which_kind_it_is(document):
    kinds = {
        f"{method.upper()} {path}": set(operation["responses"]["200"].get("content", ()))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }

    assert [name for name, content in kinds.items() if not content] == []
    site = "GET /v1/sites/{site_id}"
    assert kinds["GET /s/{site_id}.js"] == {"text/javascript"}
    assert kinds[f"{site}/export"] == {"text/csv", "application/x-ndjson", "application/ld+json"}
    assert kinds[f"{site}/me"] == {"application/json", "application/ld+json", "text/csv"}
    receipt = {"application/ld+json", "text/html", "application/json", "application/jwt"}
    assert kinds[f"{site}/me/receipt"] == receipt
    proof = {"application/json", "text/html", "text/plain"}
    assert kinds[f"{site}/consents/{{record_id}}/proof"] == proof


def test_its_schemas_say_what_readers_in_other_languages_understand(document):
    schemas = list(schemas_in(document))
    patterns = [schema["pattern"] for schema in schemas if isinstance(schema.get("pattern"), str)]
    objects = [schema for schema in schemas if schema.get("type") == "object"]

    # What Python adds to the regular expressions of ECMA-262.
    assert [pattern for pattern in patterns if re.search(r"\\[AZ]|\(\?P", pattern)] == []
    assert [schema for schema in objects if {"minLength", "maxLength"} & schema.keys()] == []
    assert document["components"]["schemas"]["Decision"]["properties"]["services"]["maxProperties"]
    assert len(patterns) > 10


def schemas_in(part):
    """Every object in a document."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if type(part) is list else ():
        yield from schemas_in(inner)


def test_no_example_or_default_address_leads_to_another_host(document):
    hosts = set(re.findall(r"https?://[^/\"\s]+", json.dumps(document)))

    assert hosts <= {"https://shop.example"}


def test_what_a_problem_is_called_is_where_it_is_explained(service):
    client = service.test_client()

    refused = client.get("/nowhere").json
    too_long = json.loads(
        answers.problem(414, "address_too_long", issuer=PUBLIC).split(b"\r\n\r\n")[1]
    )

    page = client.get("/docs").text
    for kind in (refused["type"], too_long["type"]):
        address, _, anchor = kind.partition("#")
        assert address == f"{PUBLIC}/docs"
        assert f'id="{anchor}"' in page


def test_the_page_for_people_links_to_what_is_beside_it(service):
    client = service.test_client()
    page = client.get("/docs").text

    links = re.findall(r'(?:href|src)="([^"#]+)"', page)

    public = {urljoin(f"{PUBLIC}/docs", link) for link in links}
    assert public == {f"{PUBLIC}/docs/style.css", f"{PUBLIC}/openapi.json"}
    for link in public:
        with client.get(link.removeprefix(PUBLIC)) as answer:
            assert (answer.status_code, bool(answer.data)) == (200, True)
