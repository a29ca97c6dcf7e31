"""What editors and people are told about a document is what holds for it."""

import re

import jsonschema
import pytest
from hypothesis import given, settings

from consent_server.sites.document import DocumentInvalid, validate_document
from consent_server.sites.document.closed_lists import REASONS, STORE_KINDS
from consent_server.sites.document.json_schema import as_text, json_schema, key_paths
from consent_server.sites.document.reading import read_text
from consent_server.sites.profiles import PROFILES
from tests.sites.documents import MINIMAL, ROOT, a_service, a_value, values, with_value

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
PAGE = (ROOT / "docs/site-document.md").read_text(encoding="utf-8")


def test_the_published_schema_is_fresh():
    published = (ROOT / "docs/site-document.schema.json").read_text(encoding="utf-8")

    assert published == as_text()


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", ["examples/demo.yaml"])
def test_an_example_satisfies_the_schema(name):
    VALIDATOR.validate(read_text((ROOT / name).read_text(encoding="utf-8")))


@settings(max_examples=100)
@given(values())
def test_every_valid_document_satisfies_the_schema(value):
    VALIDATOR.validate(value)
    VALIDATOR.validate(validate_document(value).as_dict())


COMPLETE = a_value(services=[a_service()], theme={}, signals={}, texts={"fr": {}})


@pytest.mark.parametrize(
    ("place", "new"),
    [
        (("site",), "Shop"),
        (("nmae",), "Shop"),
        (("name",), 5),
        (("origins",), []),
        (("controller", "contact"), "javascript:alert(1)"),
        (("policy", "url"), "ftp://shop.example"),
        (("languages", "available"), ["fr", "fr"]),
        (("categories", 0), {"id": "necessary", "required": True}),
        (("categories", 1), {"id": "analytics", "reason": "security"}),
        (("categories", 1, "required"), "yes"),
        (("categories", 1, "default"), True),
        (("services", 0, "country"), "XX"),
        (("services", 0, "stores", 0, "lifetime"), "13 months"),
        (("services", 0, "stores", 0, "kind"), "flash"),
        (("reprompt_after",), "P180D"),
        (("signals", "matomo"), "yes"),
        (("theme", "accent"), "red"),
        (("theme", "radius"), 25),
        (("texts", "fr", "accept"), "OK"),
        (("texts", "tlh"), {}),
        (("texts", "fr", "category.analytics.text"), "x" * 201),
    ],
)
def test_an_editor_sees_what_would_be_refused(place, new):
    value = with_value(COMPLETE, place, new)

    assert not VALIDATOR.is_valid(value)
    with pytest.raises(DocumentInvalid):
        validate_document(value)


def test_the_page_names_every_key_and_no_other():
    rows = re.findall(r"^\| `([a-z_.\[\]]+)` \|", PAGE, re.MULTILINE)

    assert sorted(rows) == sorted(key_paths())
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("key", sorted(key_paths()))
def test_the_page_says_which_keys_are_required(key):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{key}` |"))
    schema = json_schema()
    *parents, name = key.split(".")
    for parent in parents:
        schema = schema["properties"][parent.removesuffix("[]")]
        schema = schema.get("items", schema)

    assert ("**required**" in row) == (name in schema.get("required", ()))


def test_the_page_lists_what_can_be_chosen():
    for word in (*REASONS, *STORE_KINDS, *PROFILES):
        assert f"`{word}`" in PAGE


def test_the_page_shows_the_smallest_document_and_it_is_valid():
    (example,) = re.findall(r"```yaml\n(site: .*?)```", PAGE, re.DOTALL)

    value = read_text(example)

    assert validate_document(value)
    assert value.keys() == MINIMAL.keys()
