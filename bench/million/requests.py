"""What requests cost on a large log and on a small one, beside the bare route."""

import random
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from bench.client import Client, Job
from bench.contestants import ROUTES, Contestant, served
from bench.figures import figures
from bench.million.filling import SITE, Log, opened
from bench.rounds import Plan, measure
from consent_server.consents.answered import Recorded
from consent_server.consents.models import ConsentRecord
from consent_server.consents.service import token_for
from consent_server.db import db
from consent_server.log import tree
from consent_server.log.models import LogEntry
from consent_server.sealing.proofs import proof_of

#: The routes that read and write the log's tables, after the unit.
MEASURED = ROUTES[:3]
#: Records that are checked, and those that are proved.
CHECKED, PROVED = 2_000, 200
DELAY = timedelta(seconds=60)


def costs(
    logs: Sequence[Log], client: Client, plan: Plan, stack: ExitStack
) -> tuple[list[Contestant], dict[str, Any]]:
    """Serve each log, and return what its requests cost; the servers go on.

    What is checked are tokens of records all over the log: one token alone would stay in memory.
    """
    found = []
    for log in logs:
        contestant = served(f"{log.records}", log.url, client, log.folder, stack, log.database_pid)
        check = contestant.jobs["check"]
        paths = tuple(f"/v1/check?site={SITE}&token={token}" for token in _tokens(log))
        contestant.jobs["check"] = Job(
            check.port, paths[0], 200, headers=check.headers, paths=paths
        )
        found.append(contestant)
    samples = measure(found, client, plan, lambda: None, MEASURED)
    return found, figures(found, samples, MEASURED)


def _tokens(log: Log) -> list[str]:
    with opened(log.url, log.folder) as app:
        ring, issuer = app.extensions["consent_keys"], app.extensions["consent_issuer"]
        chosen = db.session.scalars(
            sa.select(ConsentRecord).where(
                ConsentRecord.site_id == SITE, ConsentRecord.record_id.in_(_ids(log, CHECKED))
            )
        )
        made = [
            token_for(Recorded(record, is_new=False, is_in_force=True), ring, issuer)
            for record in chosen
        ]
    return [token for token in made if token is not None]


def _ids(log: Log, count: int) -> list[str]:
    """Return records that stand at random places of the log."""
    places = random.Random(1).sample(range(10, log.records), min(count, log.records - 10))
    query = sa.select(LogEntry.record_id).where(
        LogEntry.site_id == SITE, LogEntry.leaf_index.in_(places)
    )
    return [record_id for record_id in db.session.scalars(query) if record_id is not None]


def proofs(log: Log) -> dict[str, Any]:
    """Return milliseconds of a proof, by the CPU of this process and by the clock, and tiles."""
    with opened(log.url, log.folder) as app:
        notary = app.extensions["consent_notary"]
        ids = _ids(log, 3 * PROVED)
        random.Random(2).shuffle(ids)
        for record_id in ids[PROVED:]:  # as in a process that gives proofs all day
            proof_of(SITE, record_id, DELAY, notary)
            db.session.rollback()
        clock, cpu = [], []
        with patch.object(tree, "tile_hashes", wraps=tree.tile_hashes) as read:
            tiles = []
            for record_id in ids[:PROVED]:
                before = read.call_count
                begin, spent = time.perf_counter(), time.process_time()
                proof_of(SITE, record_id, DELAY, notary)
                cpu.append((time.process_time() - spent) * 1000)
                clock.append((time.perf_counter() - begin) * 1000)
                tiles.append(read.call_count - before)
                db.session.rollback()
    return {
        "cpu_ms": statistics.mean(cpu),
        "median_ms": statistics.median(clock),
        "p99_ms": statistics.quantiles(clock, n=100)[98],
        "tiles": max(tiles),
    }
