"""Everything recorded about one browser, to take along: JSON-LD and CSV.

:source: GDPR Art. 20, a structured, commonly used and machine-readable format
"""

import csv
import io
import json
from typing import Any

from consent_server.consents.models import ConsentRecord
from consent_server.sealing.disclosure import published_text
from consent_server.vocabulary import dpv
from consent_server.vocabulary.spreadsheet import cell

#: Columns of each category. What a choice has besides is in the JSON-LD.
CHOICE_COLUMNS = ("granted", "decided_at", "expires_at")


def as_jsonld(records: list[ConsentRecord]) -> bytes:
    """Return one node a record, each with the record as it is exported."""
    bundles: dict[str, Any] = {}
    nodes = []
    for row in records:
        if row.bundle not in bundles:
            bundles[row.bundle] = json.loads(published_text(row.site_id, row.bundle))
        record = row.exported(with_subject=True)
        nodes.append({**dpv.node(record, bundles[row.bundle]), "consent:record": record})
    document = {"@context": dpv.CONTEXT, "@graph": nodes}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def as_csv(records: list[ConsentRecord]) -> bytes:
    """Return one row a record, in the order in which they took effect (RFC 4180)."""
    exported = [record.exported(with_subject=True) for record in records]
    columns = [name for name in exported[0] if name not in ("categories", "services")]
    categories = list(dict.fromkeys(id_ for record in exported for id_ in record["categories"]))
    choices = [f"category.{id_}.{name}" for id_ in categories for name in CHOICE_COLUMNS]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*columns, *choices, "services"])
    for record in exported:
        cells = [record[name] for name in columns]
        for id_ in categories:
            choice = record["categories"].get(id_, {})
            cells += [choice.get(name) for name in CHOICE_COLUMNS]
        services = (f"{id_}={cell(one['granted'])}" for id_, one in record["services"].items())
        writer.writerow([cell(value) for value in [*cells, " ".join(services) or None]])
    return file.getvalue().encode()
