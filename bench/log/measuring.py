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
from bench.log.databases import Database
from bench.log.filling import fill
from bench.log.writing import decisions_per_second
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
from consent_server.sites.publishing import publish

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
#: Turns of decisions with the log and without it in one round.
TURNS = 5
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
        database = Database()
        seal(site, notary, NOW)  # so that the bundle is in force
        decisions = decisions_per_second(app, publication, database, rounds * TURNS)
        seal(site, notary, NOW)
        fill(publication, records, NOW)
        of_server, at = database.cpu_seconds(), time.perf_counter()
        sealing = per_second(lambda: seal(site, notary, NOW).count)
        clock = records / (time.perf_counter() - at)
        served = records / max(database.cpu_seconds() - of_server, 1e-6)
        limit = "hashing the same leaves into the tree"
        figures = [
            _figure("decisions", *decisions, "the same without the log; with the server's CPU"),
            _figure("sealing, leaves", [sealing], [per_second(lambda: _grow(site))], limit),
            _figure("sealing, by the clock", [clock], [], ""),
            *([] if database.is_sqlite else [_figure("sealing, the server", [served], [], "")]),
            *_proofs(notary, site, rounds),
            *_exports(app, site, folder, database, rounds),
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
    linked = sa.select(LogEntry.record_id).where(LogEntry.site_id == site)
    ids = [record_id for record_id in db.session.scalars(linked) if record_id is not None]
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


def _exports(
    app: Any, site: str, folder: Path, database: Database, rounds: int
) -> Iterator[Figure]:
    for form in FORMS:
        yield from _one_export(app, site, folder / f"bench.{form}", database, rounds)


def _one_export(
    app: Any, site: str, path: Path, database: Database, rounds: int
) -> Iterator[Figure]:
    form = path.suffix[1:]
    exported, read, verified, parsed = [], [], [], []
    clock, client, verified_clock = [], [], []
    for _ in range(rounds):
        at = time.perf_counter()
        exported.append(per_second(lambda: _export(app, site, form, path)))
        count = _lines(path)
        clock.append(count / (time.perf_counter() - at))
        client.append(database.client_rate(_raw_query(site), count))
        read.append(per_second(lambda: _read(site)))
        at = time.perf_counter()
        verified.append(per_second(lambda: _verify(path)))
        verified_clock.append(count / (time.perf_counter() - at))
        parsed.append(per_second(lambda: _parse(path)))
    yield _figure(f"export, {form}", exported, read, "reading the same rows by the driver")
    name = "sqlite3 -csv" if database.is_sqlite else "psql COPY TO STDOUT"
    yield _figure(f"export, {form}, by the clock", clock, client, f"{name} of the same rows")
    yield _figure(f"verify, {form}", verified, parsed, "reading the lines, and JSON in them")
    yield _figure(f"verify, {form}, by the clock", verified_clock, [], "")
    path.unlink()


def _export(app: Any, site: str, form: str, path: Path) -> int:
    export = Export(Selection(site), form, app.extensions["consent_notary"])
    with path.open("wb") as file:
        file.writelines(export.pieces())
    return export.progress.records


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _read(site: str) -> int:
    """Read what an export says of each record, in its order, and do nothing with it."""
    count = sum(1 for _ in db.session.connection().exec_driver_sql(_raw_query(site)))
    db.session.rollback()
    return count


def _raw_query(site: str) -> str:
    query = (
        sa.select(
            LogEntry.leaf_index, LogEntry.entry, OpeningKeys.decision_key, ConsentRecord.__table__
        )
        .join(ConsentRecord, sa.and_(*_same(ConsentRecord)))
        .join(OpeningKeys, sa.and_(*_same(OpeningKeys)))
        .where(LogEntry.site_id == site)
        .order_by(LogEntry.leaf_index)
    )
    return str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))


def _same(table: Any) -> list[sa.ColumnElement[bool]]:
    return [table.site_id == LogEntry.site_id, table.record_id == LogEntry.record_id]


def _verify(path: Path) -> int:
    report = verification.verify(path, verification.Trusted())
    if not report.is_good:
        raise RuntimeError(f"{path.name}: {report.problems[0]}")
    return _lines(path)


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
    """Return how many of what it counts a function does in a second of CPU time, children's too."""
    begin = _spent()
    count = work()
    return count / max(_spent() - begin, 1e-6)


def _spent() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _figure(what: str, rates: list[float], limits: list[float], limit: str) -> Figure:
    ratios = [rate / most for rate, most in zip(rates, limits, strict=False)]
    return {
        "what": what,
        "per_second": statistics.median(rates),
        "limit_per_second": statistics.median(limits) if limits else None,
        "ratio": statistics.median(ratios) if ratios else None,
        "limit": limit,
    }
