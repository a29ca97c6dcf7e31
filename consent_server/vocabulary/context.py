"""The JSON-LD context of records and receipts, whole: nothing has to be fetched to read them."""

from typing import Any

#: Ours, for what no public vocabulary has a term for.
OWN = "urn:consent-server:"

#: Every member that names a thing, and not a text.
_REFERENCES = (
    "dct:conformsTo",
    "dct:replaces",
    "dpv:hasApplicableLaw",
    "dpv:hasJurisdiction",
    "dpv:hasLegalBasis",
    "dpv:hasLocation",
    "dpv:hasNecessity",
    "dpv:hasProcessing",
    "dpv:isExercisedAt",
    "dpv:isIndicatedBy",
    "schema:url",
    "skos:broader",
)
_INSTANTS = ("dct:created", "dct:valid", "dpv:isIndicatedAtTime")
#: Members that hold JSON as it is. The last three are the export's: what the root needs besides the
#: records, and what closes the file.
_JSON = ("consent:record", "consent:openings", "consent:log", "consent:manifest")

CONTEXT: dict[str, Any] = {
    "consent": OWN,
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{name: {"@id": name, "@type": "@id"} for name in _REFERENCES},
    **{name: {"@id": name, "@type": "xsd:dateTime"} for name in _INSTANTS},
    **{name: {"@id": name, "@type": "@json"} for name in _JSON},
}
