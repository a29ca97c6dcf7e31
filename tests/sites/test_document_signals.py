"""R112: which outside parties are told, and what has to be said before anything is sent early."""

import re

import pytest

from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import DocumentInvalid, validate_document
from consent_server.sites.document.signals import EEA, ROLES, SIGNALS, SignalsSchema
from tests.sites.documents import BUILD, ROOT, SHIPPED, a_document, a_value

FILES = ROOT / "widget/src/signals"
PAGE = (ROOT / "docs/signals.md").read_text(encoding="utf-8")
REASON = "Agreed with our DPO in March 2026."


def _refusals(**changes):
    with pytest.raises(DocumentInvalid) as refused:
        validate_document(a_value(**changes))
    return [(error["path"], error["reason"]) for error in refused.value.errors]


def _published(**signals):
    bundle = build_bundle(a_document(signals=signals), SHIPPED, BUILD, None)
    return bundle["signals"]


def test_every_setting_has_a_file_a_test_of_its_calls_and_a_row():
    settings = SignalsSchema().fields.keys() - {"categories"}
    files = {path.stem for path in FILES.glob("*.ts")} - {"index", "signal"}
    tests = {
        path.name.removesuffix(".test.ts") for path in (ROOT / "widget/test/signals").iterdir()
    }
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert settings == files == {signal.id for signal in SIGNALS}
    assert files <= tests
    assert sorted(rows) == sorted(files)


def _calls(source):
    """What a file calls at others: the words in quotes and the methods that are theirs."""
    code = re.sub(r"/\*\*.*?\*/|//[^\n]*|^import[^\n]*", "", source, flags=re.DOTALL | re.MULTILINE)
    return {word for word in re.findall(r"'(\w{4,})'", code) if word not in (*ROLES, "object")}


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.id)
def test_a_row_says_what_the_file_calls(signal):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{signal.id}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    source = (FILES / f"{signal.id}.ts").read_text(encoding="utf-8")
    plain = {"granted", "denied", "cookies", "pending"}
    unsaid = [word for word in _calls(source) if word not in row and word not in plain]

    assert len(cells) == 6 and all(cells)
    assert unsaid == []
    assert all(role in cells[3] for role in signal.roles) or "all three" in cells[3]
    assert re.search(r"Source: (\S+)", source)[1] in cells[4]


def test_a_vendor_without_a_consent_call_has_no_setting():
    for vendor in ("linkedin", "snap", "reddit", "x", "plausible"):
        assert _refusals(signals={vendor: "on"}) == [(f"signals.{vendor}", "never_configurable")]


@pytest.mark.parametrize(
    ("google", "path"),
    [
        ("advanced", ""),
        ({"mode": "advanced"}, ".acknowledged"),
        ({"mode": "advanced", "url_passthrough": True}, ".acknowledged"),
    ],
)
def test_sending_before_consent_takes_a_written_reason(google, path):
    refusals = _refusals(signals={"google_consent_mode": google})

    assert refusals == [(f"signals.google_consent_mode{path}", "acknowledgement_missing")]


@pytest.mark.parametrize("reason", ["", "yes", "approved by the DPO"])
def test_a_reason_is_more_than_a_tick(reason):
    google = {"mode": "advanced", "acknowledged": reason}

    assert _refusals(signals={"google_consent_mode": google}) == [
        ("signals.google_consent_mode.acknowledged", "invalid_value")
    ]


def test_the_reason_is_kept_with_the_document_and_not_published():
    google = {"mode": "advanced", "acknowledged": REASON, "regions": ["EEA", "US-CA"]}
    document = a_document(signals={"google_consent_mode": google})

    assert document.as_dict()["signals"]["google_consent_mode"]["acknowledged"] == REASON
    assert _published(google_consent_mode=google) == {
        "google_consent_mode": {"mode": "advanced", "regions": [EEA, ["US-CA"]]}
    }
    assert len(EEA) == 30


def test_only_what_is_on_is_published_in_the_shortest_form():
    published = _published(
        google_consent_mode={"mode": "basic"},
        matomo="off",
        meta=False,
        tiktok=True,
        data_layer="on",
    )

    optional = [item["id"] for item in a_value()["categories"] if not item.get("required")]
    assert published == {"google_consent_mode": "basic", "tiktok": "on", "data_layer": optional}


def test_switching_one_off_keeps_what_was_written_beside_it_out():
    assert _published(google_consent_mode={"mode": "off", "wait_for_update": 900}) == {}


@pytest.mark.parametrize("code", ["XX", "fr", "EU", "US-", "US-CALI", "us-CA", "EEA-FR", "FRA"])
def test_a_region_is_a_code_that_exists(code):
    google = {"mode": "basic", "regions": ["EEA", code]}

    assert _refusals(signals={"google_consent_mode": google}) == [
        ("signals.google_consent_mode.regions[1]", "invalid_value")
    ]


def test_an_own_category_stands_only_for_what_nobody_is_asked_about():
    value = a_value()
    first, *asked = [item["id"] for item in value["categories"]]

    assert _refusals(signals={"categories": {asked[0]: asked[-1]}}) == (
        [(f"signals.categories.{asked[0]}", "category_stands_for_itself")]
    )
    required_or_unknown = _refusals(
        categories=value["categories"][:1],
        services=[],
        signals={"categories": {"analytics": first, "marketing": "ads"}},
    )
    assert required_or_unknown == [
        ("signals.categories.analytics", "category_unknown"),
        ("signals.categories.marketing", "category_unknown"),
    ]
