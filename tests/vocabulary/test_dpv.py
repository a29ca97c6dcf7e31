"""ISO/IEC TS 27560 in JSON-LD: every mandatory field, one status a purpose, no undefined term."""

import copy
import re

from pyld import jsonld

from consent_server.embed.shipped import artifacts
from consent_server.vocabulary import dpv

TEXTS = artifacts().texts

DCT = "http://purl.org/dc/terms/"
DPV = "https://w3id.org/dpv#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

#: The 24 fields that the DPV guide calls mandatory (its table of terms): where each is found, from
#: the record. Of the lists each member has it.
MANDATORY = {
    "schema_version": ["dct:conformsTo"],
    "record_id": ["dct:identifier"],
    "pii_principal_id": ["dpv:hasDataSubject", "dct:identifier"],
    "privacy_notice": ["dpv:hasNotice", "@type"],
    "language": ["dct:language"],
    "purpose": ["dpv:hasProcess", "dpv:hasPurpose", "dct:title"],
    "pii_information": ["dpv:hasProcess", "dpv:hasPersonalData", "dct:description"],
    "pii_controllers": ["dpv:hasProcess", "dpv:hasDataController", "@id"],
    "storage_locations": ["dpv:hasProcess", "dpv:hasStorageCondition", "dpv:hasLocation"],
    "retention_period": ["dpv:hasProcess", "dpv:hasStorageCondition", "dpv:hasDuration"],
    "jurisdiction": ["dpv:hasJurisdiction"],
    "recipient_third_parties": ["dpv:hasProcess", "dpv:hasRecipient", "@id"],
    "withdrawal_method": ["dpv:hasConsentControl", "dpv:isExercisedAt"],
    "pii_type": ["dpv:hasProcess", "dpv:hasPersonalData", "@type"],
    "party_id": ["dpv:hasDataController", "dpv:hasIdentifier"],
    "party_name": ["dpv:hasDataController", "dpv:hasName"],
    "party_address": ["dpv:hasDataController", "dpv:hasAddress"],
    "party_contact": ["dpv:hasDataController", "dpv:hasContact"],
    "party_type": ["dpv:hasDataController", "@type"],
    "event_time": ["dpv:hasProcess", "dpv:hasConsentStatus", "dpv:isIndicatedAtTime"],
    "validity_duration": ["dpv:hasProcess", "dpv:hasConsentStatus", "dpv:hasDuration"],
    "entity_id": ["dpv:hasProcess", "dpv:hasConsentStatus", "dpv:isIndicatedBy"],
    "event_type": ["dpv:hasProcess", "dpv:hasLegalBasis"],
    "event_state": ["dpv:hasProcess", "dpv:hasConsentStatus", "@type"],
}
#: Each of their members is another kind of condition: one of them has it.
ALTERNATIVES = ("dpv:hasStorageCondition",)
ABSOLUTE = re.compile("@|https?://|urn:")
KINDS = ["given", "partial", "renewed", "changed", "withdrawn", "refused", "single"]
KINDS += ["corrected", "expired"]


def missing(node):
    """The mandatory fields that a record lacks."""
    return [name for name, path in MANDATORY.items() if not _has(node, path)]


def _has(node, path):
    if not path:
        return node not in (None, "", [], {})
    value = node.get(path[0]) if isinstance(node, dict) else None
    if not isinstance(value, list):
        return value is not None and _has(value, path[1:])
    found = [_has(member, path[1:]) for member in value]
    return bool(found) and (any if path[0] in ALTERNATIVES else all)(found)


def no_loader(address, options):
    raise AssertionError(f"{address} was fetched")


def expanded(document):
    return jsonld.expand(document, {"documentLoader": no_loader})


def keys(value):
    """Every member name and type in a document, its JSON literals left alone."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            if name == "@type":
                yield from member if isinstance(member, list) else [member]
            elif name != "@context":
                yield from keys(member)
    elif isinstance(value, list):
        for member in value:
            yield from keys(member)


def undefined(document):
    """The member names that a processor leaves out, because the context does not have them."""
    back = jsonld.compact(expanded(document), dpv.CONTEXT, {"documentLoader": no_loader})
    return set(keys(document)) - set(keys(back))


def without(node, field):
    """The record without one of the mandatory fields, wherever it is."""
    *way, last = MANDATORY[field]
    node = copy.deepcopy(node)
    places = [node]
    for step in way:
        found = [place[step] for place in places if step in place]
        places = [m for value in found for m in (value if isinstance(value, list) else [value])]
    for place in places:
        place.pop(last, None)
    return node


def status_of(node, category):
    process = next(p for p in node["dpv:hasProcess"] if p["dct:identifier"] == category)
    return process["dpv:hasConsentStatus"]["@type"].removeprefix("dpv:")


def test_a_record_of_each_kind_has_the_24_mandatory_fields(every_kind):
    assert len(MANDATORY) == 24
    assert every_kind.keys() == set(KINDS)

    found = {kind: missing(dpv.node(*told)) for kind, told in every_kind.items()}
    assert {kind: lacking for kind, lacking in found.items() if lacking} == {}


def test_a_record_that_lacks_a_mandatory_field_is_noticed(every_kind):
    whole = dpv.node(*every_kind["partial"])

    unnoticed = [name for name in MANDATORY if name not in missing(without(whole, name))]

    assert unnoticed == []


def test_every_term_is_defined_and_nothing_is_fetched(every_kind):
    for record, bundle in every_kind.values():
        receipt = dpv.receipt(record, bundle, record["recorded_at"])

        whole = expanded(receipt)

        names = set(keys(whole))
        assert {name for name in names if not ABSOLUTE.match(name)} == set()
        prefixes = {name.split(":")[0] for name in keys(receipt) if not name.startswith("@")}
        assert prefixes <= dpv.CONTEXT.keys()
        # Expanding leaves out what it does not understand: nothing may have gone.
        assert undefined(receipt) == set()


def test_a_term_that_the_context_lacks_is_noticed(every_kind):
    receipt = dpv.receipt(*every_kind["given"], "2026-11-22T20:00:00.000Z")
    receipt["colour"] = "blue"

    assert undefined(receipt) == {"colour"}


def test_the_triples_say_who_decided_what(every_kind):
    record, bundle = every_kind["partial"]
    document = {"@context": dpv.CONTEXT, **dpv.node(record, bundle)}

    options = {"documentLoader": no_loader, "format": "application/n-quads"}
    triples = jsonld.to_rdf(document, options).splitlines()

    own = re.escape(f"urn:consent-server:record:demo:{record['record_id']}")
    wanted = [
        rf"<{own}> <{RDF_TYPE}> <{DPV}ConsentRecord> \.",
        rf"<{own}> <{DCT}identifier> \"{record['record_id']}\" \.",
        rf"<{own}> <{DCT}conformsTo> <https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr> \.",
        rf"<{own}> <{DPV}hasProcess> <{own}:category:analytics> \.",
        rf"<{own}:category:analytics> <{DPV}hasLegalBasis> "
        r"<https://w3id.org/dpv/legal/eu/gdpr#A6-1-a> \.",
        rf"_:\w+ <{RDF_TYPE}> <{DPV}ConsentGiven> \.",
        rf"_:\w+ <{RDF_TYPE}> <{DPV}ConsentRefused> \.",
        rf"_:\w+ <{DPV}isIndicatedAtTime> \"{record['recorded_at']}\"\^\^"
        r"<http://www.w3.org/2001/XMLSchema#dateTime> \.",
    ]
    assert [line for line in wanted if not any(re.fullmatch(line, t) for t in triples)] == []


def test_each_purpose_has_a_status_of_its_own(every_kind):
    wanted = {
        "given": ["ConsentGiven", "ConsentGiven", "ConsentGiven"],
        "partial": ["ConsentRefused", "ConsentGiven", "ConsentRefused"],
        "renewed": ["ConsentRefused", "RenewedConsentGiven", "ConsentRefused"],
        "changed": ["ConsentGiven", "ConsentGiven", "ConsentRefused"],
        "withdrawn": ["ConsentWithdrawn", "ConsentWithdrawn", "ConsentRefused"],
        "refused": ["ConsentRefused", "ConsentRefused", "ConsentRefused"],
    }
    for kind, statuses in wanted.items():
        node = dpv.node(*every_kind[kind])

        found = [status_of(node, id_) for id_ in ("functional", "analytics", "marketing")]

        assert (kind, found) == (kind, statuses)
        assert "dpv:hasConsentStatus" not in node


def test_an_expiry_is_nobodys_act_and_comes_when_the_time_is_over(every_kind):
    record, bundle = every_kind["expired"]
    node = dpv.node(record, bundle)

    ended = [
        process["dpv:hasConsentStatus"]
        for process in node["dpv:hasProcess"]
        if process["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentExpired"
    ]
    assert ended
    for status in ended:
        assert status["dpv:isIndicatedBy"] == node["dpv:hasDataController"]["@id"]
        assert status["dpv:isIndicatedAtTime"] == status["dct:valid"] <= record["recorded_at"]


def test_what_the_controller_put_right_is_not_said_to_be_the_visitors_act(every_kind):
    """As the log has it: ``who`` is the controller. A yes stays the visitor's, who alone can."""
    wrong, _ = every_kind["given"]
    node = dpv.node(*every_kind["corrected"])

    status = {p["dct:identifier"]: p["dpv:hasConsentStatus"] for p in node["dpv:hasProcess"]}
    assert status["marketing"]["@type"] == "dpv:ConsentRefused"
    assert status["marketing"]["dpv:isIndicatedBy"] == node["dpv:hasDataController"]["@id"]
    assert status["analytics"]["dpv:isIndicatedBy"] == node["dpv:hasDataSubject"]["@id"]
    methods = {one["dpv:hasIndicationMethod"] for one in status.values()}
    assert methods == {"put right by the controller, where an earlier record was wrong"}
    assert node["dct:replaces"] == [dpv.record_iri(wrong)]


def test_a_service_that_was_asked_alone_has_its_own_answer(every_kind):
    node = dpv.node(*every_kind["single"])

    marketing = next(p for p in node["dpv:hasProcess"] if p["dct:identifier"] == "marketing")
    (video,) = marketing["dpv:hasProcess"]
    assert marketing["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentRefused"
    assert video["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentGiven"
    assert video["dpv:hasService"][0]["dct:title"] == "Video"


def test_what_needs_no_consent_is_not_said_to_have_any(every_kind):
    node = dpv.node(*every_kind["given"])

    (necessary,) = node["consent:withoutConsent"]
    assert necessary["dct:identifier"] == "necessary"
    assert necessary["dpv:hasNecessity"] == "dpv:Required"
    assert not {"dpv:hasConsentStatus", "dpv:hasLegalBasis"} & necessary.keys()
    asked = [process["dct:identifier"] for process in node["dpv:hasProcess"]]
    assert asked == ["functional", "analytics", "marketing"]


def test_data_of_what_needs_no_consent_is_not_said_to_be_optional(every_kind):
    record, bundle = copy.deepcopy(every_kind["given"])
    bundle["services"][0]["category"] = "necessary"
    node = dpv.node(record, bundle)

    (necessary,) = node["consent:withoutConsent"]
    marketing = node["dpv:hasProcess"][-1]
    found = [process["dpv:hasPersonalData"] for process in (necessary, marketing)]
    assert [data["dpv:hasNecessity"] for (data,) in found] == ["dpv:Required", "dpv:Optional"]


def test_nobody_gets_another_identifier_for_it(every_kind):
    refused, bundle = every_kind["refused"]
    given, _ = every_kind["given"]
    hidden = {name: value for name, value in given.items() if name not in ("subject", "n")}

    subject = dpv.node(given, bundle)["dpv:hasDataSubject"]["dct:identifier"]
    assert subject == given["subject"]
    for record in (refused, hidden):
        subject = dpv.node(record, bundle)["dpv:hasDataSubject"]["dct:identifier"]
        assert subject == record["record_id"]
    assert given["subject"] not in str(dpv.node(hidden, bundle))


def test_the_same_record_always_gives_the_same_node(every_kind):
    record, bundle = every_kind["changed"]
    before = copy.deepcopy((record, bundle))

    assert dpv.node(record, bundle) == dpv.node(record, bundle)
    assert (record, bundle) == before


def test_an_older_export_without_the_end_of_a_choice_still_tells_a_withdrawal(every_kind):
    record, bundle = copy.deepcopy(every_kind["withdrawn"])
    for choice in record["categories"].values():
        del choice["ended"]

    assert status_of(dpv.node(record, bundle), "analytics") == "ConsentWithdrawn"


def test_texts_are_in_the_language_that_was_shown(every_kind):
    node = dpv.node(*every_kind["given"])

    title = node["dpv:hasProcess"][1]["dpv:hasPurpose"]["dct:title"]
    assert title == {"@value": TEXTS["fr"]["category.analytics.title"], "@language": "fr"}
    assert node["dct:language"] == "fr"
    assert "{" not in node["dpv:hasConsentControl"]["dct:description"]["@value"]
