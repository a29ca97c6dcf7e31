"""What the log adds to a decision: the same requests with it and without, in turn."""

import io
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.log.databases import Database
from consent_server.consents import service
from consent_server.consents.records import KEEP_RECORD
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of
from consent_server.statements import GuardedInserts

#: Decisions of one turn.
DECISIONS = 500


def decisions_per_second(
    app: Flask, publication: Publication, database: Database, rounds: int
) -> tuple[list[float], list[float]]:
    """Return decisions in a second of CPU, with the log and without it, of each round.

    CPU of this process and of the database's server, if it has one. What is sent is made before.
    """
    having, lacking = [], []
    record(app, publication, database, DECISIONS // 2)
    for turn in range(rounds):
        measured: list[Callable[[], None]] = [
            lambda: having.append(record(app, publication, database, DECISIONS)),
            lambda: lacking.append(_record_unlogged(app, publication, database)),
        ]
        for measure in measured if turn % 2 else reversed(measured):
            measure()
    return having, lacking


def _record_unlogged(app: Flask, publication: Publication, database: Database) -> float:
    with _without_log():
        return record(app, publication, database, DECISIONS)


def record(app: Flask, publication: Publication, database: Database, count: int) -> float:
    """Record grants of as many new visitors; return how many in a second of CPU."""
    requests = [_request(publication) for _ in range(count)]
    begin, of_server = time.process_time(), database.cpu_seconds()
    statuses = [_answered(app, environ) for environ in requests]
    spent = time.process_time() - begin + database.cpu_seconds() - of_server
    if set(statuses) != {"201 CREATED"}:
        raise RuntimeError(f"a decision was answered by {sorted(set(statuses))}")
    return count / spent


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep the record and the key of its retry: no commitments, no keys, no entry."""
    first = GuardedInserts(service.IS_FIRST, (KEEP_RECORD, service.KEEP_KEY))
    with (
        patch.object(service, "FIRST", first),
        patch.object(service, "rows_of", lambda record: [(KEEP_RECORD, vars(record))]),
    ):
        yield


def _answered(app: Flask, environ: dict[str, Any]) -> str:
    answer, status, _ = run_wsgi_app(app.wsgi_app, environ)
    b"".join(answer)
    return status


def _request(publication: Publication) -> dict[str, Any]:
    bundle = bundle_of(publication)
    body = {
        "idempotency_key": secrets.token_urlsafe(16),
        "consent_id": secrets.token_urlsafe(16),
        "action": "accept_all",
        "method": "banner",
        "categories": {item["id"]: True for item in bundle["categories"] if not item["required"]},
        "services": {},
        "n": 1,
        "bundle": publication.bundle_hash,
        "build": bundle["build"],
        "language": bundle["languages"]["default"],
        "gpc": False,
        "trusted": True,
    }
    data = json.dumps(body).encode()
    origin: str = bundle["policy"]["url"].rpartition("/")[0]
    builder = EnvironBuilder(
        f"/v1/sites/{publication.site_id}/consents",
        method="POST",
        headers=[("Origin", origin)],
        input_stream=io.BytesIO(data),
        content_type="text/plain;charset=UTF-8",
        content_length=len(data),
    )
    return builder.get_environ()
