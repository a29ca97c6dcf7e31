"""Kantara Consent Receipt 1.1: by the published schema."""

import copy

import jsonschema
import pytest

from consent_server.vocabulary import kantara

#: Types and required members of the published schema (draft 6 of 17 November 2017, the last that
#: is public as JSON), written down anew.
_TEXT, _FLAG = {"type": "string"}, {"type": "boolean"}
_TEXTS = {"type": "array", "items": _TEXT}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {
        "version": _TEXT,
        "jurisdiction": _TEXT,
        "collectionMethod": _TEXT,
        "consentReceiptID": _TEXT,
        "publicKey": _TEXT,
        "language": _TEXT,
        "piiPrincipalId": _TEXT,
        "policyUrl": _TEXT,
        "consentTimestamp": {"type": "integer", "minimum": 0},
        "sensitive": _FLAG,
        "spiCat": _TEXTS,
        "piiControllers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "piiController": _TEXT,
                    "contact": _TEXT,
                    "email": _TEXT,
                    "phone": _TEXT,
                    "piiControllerUrl": _TEXT,
                    "onBehalf": _FLAG,
                    "address": {"type": "object"},
                },
                "required": ["piiController", "contact", "address", "email", "phone"],
            },
        },
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"service": _TEXT, "purposes": {"type": "array"}},
                "required": ["service", "purposes"],
            },
        },
    },
    "required": [
        "version",
        "jurisdiction",
        "consentTimestamp",
        "collectionMethod",
        "consentReceiptID",
        "piiPrincipalId",
        "piiControllers",
        "services",
        "policyUrl",
        "sensitive",
        "spiCat",
    ],
}
PURPOSE = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "properties": {
        "purpose": _TEXT,
        "consentType": _TEXT,
        "purposeCategory": _TEXTS,
        "piiCategory": _TEXTS,
        "primaryPurpose": _FLAG,
        "termination": _TEXT,
        "thirdPartyName": _TEXT,
    },
    "oneOf": [
        {"properties": {"thirdPartyDisclosure": {"enum": [False]}}},
        {
            "properties": {"thirdPartyDisclosure": {"enum": [True]}},
            "required": ["thirdPartyName"],
        },
    ],
    "required": [
        "consentType",
        "purposeCategory",
        "piiCategory",
        "termination",
        "thirdPartyDisclosure",
    ],
}


def purposes(receipt):
    return {one["purposeCategory"][0]: one for one in receipt["services"][0]["purposes"]}


def test_a_receipt_of_each_kind_is_valid_by_the_published_schema(every_kind):
    for told in every_kind.values():
        receipt = kantara.receipt(*told)

        jsonschema.Draft4Validator(SCHEMA).validate(receipt)
        for purpose in receipt["services"][0]["purposes"]:
            jsonschema.Draft4Validator(PURPOSE).validate(purpose)
        assert receipt["version"] == "KI-CR-v1.1.0"


def test_a_receipt_without_a_required_field_is_noticed(every_kind):
    whole = kantara.receipt(*every_kind["given"])

    for name in SCHEMA["required"]:
        receipt = copy.deepcopy(whole)
        del receipt[name]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(SCHEMA).validate(receipt)


def test_third_parties_are_named_where_there_are_any(every_kind):
    found = purposes(kantara.receipt(*every_kind["given"]))

    assert found["6 - Marketing"]["thirdPartyName"] == "Video"
    assert found["16 - Improve Performance"]["thirdPartyDisclosure"] is True
    assert found["5 - Personalize Experience"]["thirdPartyDisclosure"] is False
    assert "thirdPartyName" not in found["5 - Personalize Experience"]


def test_what_was_refused_cannot_be_taken_for_consent(every_kind):
    refused = purposes(kantara.receipt(*every_kind["refused"]))
    partial = purposes(kantara.receipt(*every_kind["partial"]))

    assert refused.keys() == {"1 - Core Function"}
    assert refused["1 - Core Function"]["consentType"] == "N/A"
    assert partial.keys() == {"1 - Core Function", "16 - Improve Performance"}


def test_a_service_that_was_allowed_alone_is_the_only_one_of_its_purpose(every_kind):
    found = purposes(kantara.receipt(*every_kind["single"]))

    assert found["6 - Marketing"]["consentType"] == "EXPLICIT"
    assert found["6 - Marketing"]["piiCategory"] == ["videos played"]


def test_the_time_is_in_seconds_and_the_principal_is_no_new_identifier(every_kind):
    record, bundle = every_kind["refused"]
    receipt = kantara.receipt(record, bundle)

    assert receipt["consentTimestamp"] == 1795377960
    assert receipt["piiPrincipalId"] == record["record_id"]
    assert receipt["consentReceiptID"] == f"{record['record_id']}-r"
