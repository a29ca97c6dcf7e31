"""One log, and how fast it is sealed, proved, exported and verified; limits in the same rounds."""

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from bench.contestants import SITE_DOCUMENT
from bench.log.filling import fill
from consent_server import verification
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.tiles import Edge
from consent_server.log import tree
from consent_server.log.models import LogEntry, OpeningKeys
from consent_server.schema import ensure_schema
from consent_server.sealing.notary import Notary
from consent_server.sealing.proofs import proof_of
from consent_server.sealing.service import seal
from consent_server.sites.document import load_document
from consent_server.sites.service import publish

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
#: Proofs of one round.
PROOFS = 200
FORMS = ("jsonl", "csv", "jsonld")

Figure = dict[str, Any]


def measure(folder: Path, records: int, rounds: int) -> list[Figure]:
    """Return the figures of a new log with that many records."""
    settings = {
        **{name: value for name, value in os.environ.items() if name == "DATABASE_URL"},
        "CONSENT_DATA_DIR": str(folder),
        "CONSENT_PUBLIC_URL": "https://consent.example",
    }
    app = create_app(load_settings(settings))
    ensure_schema(app)
    with app.app_context():
        notary = app.extensions["consent_notary"]
        document = load_document(SITE_DOCUMENT.read_text(encoding="utf-8"))
        publication = publish(document, artifacts(), NOW)
        site = publication.site_id
        fill(publication, records, NOW)
        sealing = per_second(lambda: seal(site, notary, NOW).count)
        figures = [
            _figure(
                "sealing, leaves",
                [sealing],
                [per_second(lambda: _grow(site))],
                "hashing the same leaves into the tree",
            ),
            *_proofs(notary, site, rounds),
            *_exports(app, site, folder, rounds),
        ]
        db.session.remove()
        db.engine.dispose()
    return figures


def _grow(site: str) -> int:
    """Hash every entry into a tree that grows at its edge, and nothing else."""
    entries = db.session.scalars(sa.select(LogEntry.entry).where(LogEntry.site_id == site)).all()
    edge = Edge()
    for _ in edge.append(map(leaf_hash, map(bytes, entries))):
        pass
    return edge.size


def _proofs(notary: Notary, site: str, rounds: int) -> Iterator[Figure]:
    ids = list(
        db.session.scalars(sa.select(ConsentRecord.record_id).where(ConsentRecord.site_id == site))
    )
    chosen = random.Random(1).sample(ids, min(PROOFS, len(ids)))

    def prove() -> int:
        for record_id in chosen:
            proof_of(site, record_id, timedelta(seconds=60), notary)
        return len(chosen)

    rates = [per_second(prove) for _ in range(rounds)]
    most = max(_tiles_read(notary, site, record_id) for record_id in chosen)
    yield _figure(f"proofs ({most} tiles at most)", rates, [], "")


def _tiles_read(notary: Notary, site: str, record_id: str) -> int:
    with patch.object(tree, "tile_hashes", wraps=tree.tile_hashes) as read:
        proof_of(site, record_id, timedelta(seconds=60), notary)
    return read.call_count


def _exports(app: Any, site: str, folder: Path, rounds: int) -> Iterator[Figure]:
    for form in FORMS:
        yield from _one_export(app, site, form, folder / f"bench.{form}", rounds)


def _one_export(app: Any, site: str, form: str, path: Path, rounds: int) -> Iterator[Figure]:
    exported, read, verified, parsed = [], [], [], []
    for _ in range(rounds):
        exported.append(per_second(lambda: _export(app, site, form, path)))
        read.append(per_second(lambda: _read(site)))
        verified.append(per_second(lambda: _verify(path)))
        parsed.append(per_second(lambda: _parse(path)))
    yield _figure(f"export, {form}", exported, read, "reading the same rows by the driver")
    yield _figure(f"verify, {form}", verified, parsed, "reading the lines, and JSON in them")
    path.unlink()


def _export(app: Any, site: str, form: str, path: Path) -> int:
    export = Export(Selection(site), form, app.extensions["consent_notary"])
    with path.open("wb") as file:
        file.writelines(export.pieces())
    return export.progress.records


def _read(site: str) -> int:
    """Read what an export says of each record, in its order, and do nothing with it."""
    query = (
        sa.select(
            LogEntry.leaf_index, LogEntry.entry, OpeningKeys.decision_key, ConsentRecord.__table__
        )
        .join(ConsentRecord, sa.and_(*_same(ConsentRecord)))
        .join(OpeningKeys, sa.and_(*_same(OpeningKeys)))
        .where(LogEntry.site_id == site)
        .order_by(LogEntry.leaf_index)
    )
    raw = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    count = sum(1 for _ in db.session.connection().exec_driver_sql(raw))
    db.session.rollback()
    return count


def _same(table: Any) -> list[sa.ColumnElement[bool]]:
    return [table.site_id == LogEntry.site_id, table.record_id == LogEntry.record_id]


def _verify(path: Path) -> int:
    report = verification.verify(path, verification.Trusted())
    if not report.is_good:
        raise RuntimeError(f"{path.name}: {report.problems[0]}")
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _parse(path: Path) -> int:
    count = 0
    with path.open("rb") as file:
        for line in file:
            count += 1
            if path.suffix == ".jsonl":
                json.loads(line)
            else:
                line.split(b",")
    return count


def per_second(work: Callable[[], int]) -> float:
    """Return how many of what it counts a function does in a second of CPU time."""
    begin = time.process_time()
    count = work()
    return count / max(time.process_time() - begin, 1e-6)


def _figure(what: str, rates: list[float], limits: list[float], limit: str) -> Figure:
    ratios = [rate / most for rate, most in zip(rates, limits, strict=False)]
    return {
        "what": what,
        "per_second": statistics.median(rates),
        "limit_per_second": statistics.median(limits) if limits else None,
        "ratio": statistics.median(ratios) if ratios else None,
        "limit": limit,
    }
