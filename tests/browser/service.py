"""The real service at a free port, and sites that a test publishes on it."""

import json
import math
import secrets
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.exports.listing import records
from consent_server.exports.selection import Selection
from consent_server.schema import ensure_schema
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.document import validate_document
from consent_server.sites.keys import create_key
from consent_server.web.clock import now
from tests.browser.web import SHOP, VENDOR, Server, Web
from tests.builders import a_value

#: The vendor of the test document: what it contacts and stores.
TRACKER = {
    "id": "tracker",
    "name": "Tracker",
    "category": "analytics",
    "policy_url": "https://tracker.example/privacy",
    "country": "FR",
    "data": ["pages visited"],
    "hosts": ["tracker.example"],
    "stores": [
        {"name": "_ga", "kind": "cookie", "lifetime": "P13M"},
        {"name": "_ga_*", "kind": "cookie", "lifetime": "P13M"},
        {"name": "tracker_*", "kind": "local_storage", "lifetime": "P13M"},
        {"name": "tracker_visit", "kind": "session_storage", "lifetime": "session"},
    ],
    "shared": True,
}
#: Asked about by default, beside "necessary".
OPTIONAL = ["functional", "analytics", "marketing"]


class Service:
    """The service in threads of this process, with a SQLite file of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._clock = folder / "clock"
        settings = {
            "CONSENT_DATA_DIR": str(folder),
            "CONSENT_DEMO_CLOCK": str(self._clock),
            "CONSENT_PUBLIC_URL": "http://127.0.0.1:1",
        }
        self.app = create_app(load_settings(settings))
        ensure_schema(self.app)
        self._server = Server(self.app)
        self.origin = f"http://127.0.0.1:{self._server.port}"
        self.app.extensions["consent_issuer"] = self.origin

    def set_clock(self, instant: datetime | None) -> None:
        """Let the service believe that it is this instant; None is the real one."""
        offset = (instant - datetime.now(UTC)).total_seconds() if instant else 0.0
        self._clock.write_text(str(math.floor(offset)), encoding="ascii")

    def close(self) -> None:
        """Stop, and let go of the database."""
        self._server.close()
        with self.app.app_context():
            db.engine.dispose()


class Site:
    """One site: its document at the service, its pages at ``www.shop.localhost``."""

    def __init__(self, service: Service, web: Web, **changes: Any):
        self.id = f"t-{secrets.token_hex(8)}"
        self.service = service
        self.web = web
        self._document = {
            "origins": [web.origin(SHOP), web.origin("shop.localhost")],
            "languages": {"default": "en", "available": ["en", "fr"]},
            "services": [TRACKER],
            **changes,
        }
        self.publish()
        with service.app.app_context():
            self.api_key = create_key(self.id, ["check"], now())[1]

    @property
    def script(self) -> str:
        """Return the address of the one script."""
        return f"{self.service.origin}/s/{self.id}.js"

    @property
    def bundle_address(self) -> str:
        """Return the address of what is published."""
        return f"{self.service.origin}/v1/sites/{self.id}/bundle"

    @property
    def tag(self) -> str:
        """Return the one tag that a site's owner pastes."""
        return f'<script async src="{self.script}"></script>'

    def publish(self, *, reason: str | None = None, **changes: Any) -> None:
        """Publish the document with some keys changed from now on; ``...`` leaves one out."""
        changed = {**self._document, **changes}
        self._document = {key: value for key, value in changed.items() if value is not ...}
        document = validate_document(a_value(self.id, **self._document))
        with self.service.app.app_context():
            notary = self.service.app.extensions["consent_notary"]
            publish_in_log(
                document,
                artifacts(),
                notary,
                now(),
                immaterial=reason is not None,
                reason=reason,
            )

    def page(
        self,
        body: str = "",
        *,
        path: str = "/",
        head: str | None = None,
        language: str = "en",
        host: str = SHOP,
        **headers: str,
    ) -> str:
        """Put a page of this site on the web and return its address.

        :param head: instead of the site's tag
        """
        tag = self.tag if head is None else head
        html = f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        html += f"<title>A page</title>{tag}<body><h1>A page</h1>{body}</body></html>"
        return self.web.put(host, path, html, **headers)

    def records(self) -> list[dict[str, Any]]:
        """Return what the log holds, oldest first."""
        with self.service.app.app_context():
            return list(records(Selection(self.id, level="subjects")))

    def check(self, token: str, category: str) -> dict[str, Any]:
        """Ask the check API as the site's back end does."""
        asked = urllib.parse.urlencode({"site": self.id, "token": token, "category": category})
        question = urllib.request.Request(
            f"{self.service.origin}/v1/check?{asked}",
            headers={"Authorization": f"Bearer {self.api_key}"},
        )
        with urllib.request.urlopen(question, timeout=5) as answer:
            return dict(json.load(answer))


def gated(category: str, path: str, web: Web, *, attributes: str = "") -> str:
    """Return a marked script of the vendor that notes in ``window.ran`` that it ran."""
    name = path.strip("/").partition(".")[0]
    body = f"(window.ran ||= []).push({json.dumps(name)})"
    address = web.put(VENDOR, path, body, "text/javascript")
    return (
        f'<script type="text/plain" data-category="{category}" data-src="{address}" '
        f"{attributes}></script>"
    )
