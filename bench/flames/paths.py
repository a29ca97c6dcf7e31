"""The hot paths, each in a service of this process that asks itself: no socket, no other thread."""

import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from bench.contestants import SITE_DOCUMENT, acceptance, page_headers
from bench.flames.sampling import Stack, sampled
from bench.log.filling import fill
from bench.processes import BenchFailed
from consent_server import rowscope
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.schema import ensure_schema
from consent_server.sealing.service import seal
from consent_server.sites.document import load_document
from consent_server.sites.keys import create_key
from consent_server.sites.models import Publication
from consent_server.sites.publishing import publish
from consent_server.web import logs

SITE = "demo"
#: Records that are sealed at once, and in an export.
RECORDS = 1_000


class Service:
    """A service with a new SQLite file, its site published."""

    def __init__(self, app: Flask, publication: Publication, key: str):
        self._app = app
        self._publication = publication
        self._key = key
        self._client = Client(app)
        self._notary = app.extensions["consent_notary"]
        self._published = json.loads(self._get(f"/v1/sites/{SITE}/bundle").text)

    def check(self, count: int) -> Counter[Stack]:
        """Sample checks of a live token."""
        token = self._decide()["token"]
        query = {"site": SITE, "category": "analytics", "token": token}
        key = {"Authorization": f"Bearer {self._key}"}
        return self._asked(lambda: self._get("/v1/check", query_string=query, headers=key), count)

    def record(self, count: int) -> Counter[Stack]:
        """Sample first decisions, each of another visitor."""
        return self._asked(self._decide, count)

    def script(self, count: int) -> Counter[Stack]:
        """Sample scripts, as a browser asks for them."""
        given = {"Accept-Encoding": "br"}
        return self._asked(lambda: self._get(f"/s/{SITE}.js", headers=given), count)

    def sealing(self, count: int) -> Counter[Stack]:
        """Sample batches of the log."""
        with self._app.app_context(), rowscope.every_site():
            return sampled(self._seal, seal.__code__, count)

    def export(self, count: int) -> Counter[Stack]:
        """Sample exports of JSON Lines."""
        with self._app.app_context(), rowscope.every_site():
            self._seal()
            return sampled(self._export, self._export.__code__, count)

    def _asked(self, ask: Callable[[], object], count: int) -> Counter[Stack]:
        for _ in range(50):
            ask()
        return sampled(ask, Flask.__call__.__code__, count)

    def _get(self, path: str, **given: Any) -> TestResponse:
        answer = self._client.get(path, **given)
        if answer.status_code != 200:
            raise BenchFailed(answer.text)
        return answer

    def _decide(self) -> dict[str, Any]:
        fresh = {name: secrets.token_urlsafe(16) for name in ("consent_id", "idempotency_key")}
        answer = self._client.post(
            f"/v1/sites/{SITE}/consents",
            data=json.dumps({**acceptance(self._published), **fresh}),
            headers=page_headers(self._published),
        )
        if answer.status_code != 201:
            raise BenchFailed(answer.text)
        return dict(json.loads(answer.text))

    def _seal(self) -> None:
        now = datetime.now(UTC)
        fill(self._publication, RECORDS, now.replace(microsecond=0))
        seal(SITE, self._notary, now)

    def _export(self) -> None:
        for _ in Export(Selection(SITE), "jsonl", self._notary).pieces():
            pass


#: Hot paths, by the name of their file.
PATHS: dict[str, tuple[str, Callable[[Service, int], Counter[Stack]]]] = {
    "check": ("GET /v1/check", Service.check),
    "record": ("POST /v1/sites/demo/consents", Service.record),
    "script": ("GET /s/demo.js", Service.script),
    "export": ("an export, JSON Lines", Service.export),
    "sealing": ("sealing", Service.sealing),
}


@contextmanager
def standing(folder: Path) -> Iterator[Service]:
    """Build a service in a folder; its log goes nowhere, and is written all the same."""
    settings = load_settings({"CONSENT_DATA_DIR": str(folder)})
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        logs.configure(settings.log_level)
        app = create_app(settings)
        ensure_schema(app)
        with app.app_context(), rowscope.every_site():
            document = load_document(SITE_DOCUMENT.read_text(encoding="utf-8"))
            now = datetime.now(UTC)
            publication = publish(document, artifacts(), now)
            seal(SITE, app.extensions["consent_notary"], now)
            _, key = create_key(SITE, ["check"], now)
            db.session.refresh(publication)
            db.session.expunge(publication)
            db.session.remove()
        yield Service(app, publication, key)
        with app.app_context():
            db.engine.dispose()
