"""The text of a document: what is written is what is read, or it is refused."""

import json

import pytest

from consent_server.sites.document import DocumentInvalid, load_document
from consent_server.sites.document.reading import LARGEST_DOCUMENT, read_text
from tests.sites.documents import MINIMAL, ROOT, a_document


def _refusals(text: str) -> list[dict[str, str]]:
    with pytest.raises(DocumentInvalid) as refusal:
        read_text(text)
    return refusal.value.errors


@pytest.mark.parametrize(
    "written",
    [
        "off",
        "Off",
        "on",
        "yes",
        "no",
        "NO",
        "y",
        "2026-03",
        "2026-03-01",
        "2026-03-01T10:00:00Z",
        "1.10",
        "12:30",
        "0x1F",
        "1_000",
        "010",
        "+1",
        ".5",
        "1e3",
        ".inf",
        "nan",
        "=",
        "<<",
    ],
)
def test_yaml_guesses_nothing(written):
    assert read_text(f"key: {written}\n") == {"key": written}


def test_yaml_knows_true_false_null_and_whole_numbers():
    values = read_text("[true, FALSE, null, ~, -8, 0, 'true', \"8\"]")

    assert values == [True, False, None, None, -8, 0, "true", "8"]
    assert read_text("key:\n") == {"key": None}


def test_a_document_says_the_same_in_yaml_and_in_json():
    document = load_document((ROOT / "examples/demo.yaml").read_text(encoding="utf-8"))

    assert load_document(json.dumps(document.as_dict())) == document
    assert load_document(json.dumps(MINIMAL, indent="\t")) == a_document()


def test_a_document_may_begin_with_a_byte_order_mark():
    assert read_text("\ufeffsite: shop") == {"site": "shop"}
    assert read_text('\ufeff{"site": "shop"}') == {"site": "shop"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x 1", "anchors"),
        ("a: &x 1\nb: *x", "anchors"),
        ("a: *x", "anchors"),
        ("a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]", "anchors"),
        ("a: !!python/object/apply:os.system ['true']", "tags"),
        ("a: !!binary aGk=", "tags"),
        ("a: !!str 1", "tags"),
        ("a: !own 1", "tags"),
        ("a: [1", "line 1"),
        ("a: b: c", "line 1"),
        ("a: 1\n\tb: 2", "line 2"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: \x07", "special characters"),
        ("[" * 12 + "]" * 12, "nested more than 8"),
        ("[" * 60_000, "nested more than 8"),
        ('{"a":' * 12 + "1" + "}" * 12, "nested more than 8"),
        ('{"a":' + "[" * 60_000, "nested more than 8"),
        ('{"a": 1,}', "line 1, column"),
        ("{a: 1}", "must be JSON"),
        ('{"a": 1.5}', "whole number"),
        ('{"a": NaN}', "whole number"),
        ('{"a": ' + "9" * 5_000 + "}", "whole number"),
        ("a" * (LARGEST_DOCUMENT + 1), "larger than 128 KiB"),
        ("é" * LARGEST_DOCUMENT, "larger than 128 KiB"),
    ],
)
def test_a_text_that_could_surprise_is_refused(text, why):
    (refusal,) = _refusals(text)

    assert refusal["path"] == ""
    assert why in refusal["message"]


def test_every_key_that_stands_twice_is_named():
    yaml = _refusals("site: a\npolicy:\n  url: x\n  url: y\nsite: b\n")
    as_json = _refusals('{"site": 1, "policy": {"url": 1, "url": 2}, "site": 2}')

    assert [error["path"] for error in yaml] == ["policy.url", "site"]
    assert [error["path"] for error in as_json] == ["policy.url", "site"]
    assert "line 5" in yaml[1]["message"]


@pytest.mark.parametrize("key", ["1", "true", "null", "[a, b]", "{a: b}"])
def test_a_key_is_text(key):
    (refusal,) = _refusals(f"policy:\n  ? {key}\n  : x\n")

    assert (refusal["path"], refusal["reason"]) == ("policy", "key_not_text")


@pytest.mark.parametrize("text", ["", "# nothing", "null", "[]", "- site", "shop", "5", "true"])
def test_a_document_is_an_object(text):
    with pytest.raises(DocumentInvalid) as refusal:
        load_document(text)

    assert [error["path"] for error in refusal.value.errors] == [""]


def test_the_largest_document_is_read_in_reasonable_time():
    rows = "".join(f"- {{name: item-{number}, value: text}}\n" for number in range(3_300))

    assert len(read_text(rows)) == 3_300
