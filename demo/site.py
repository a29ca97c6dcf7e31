"""Prepare the service for the shop: publish the example document, have an API key."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent_server.cli.environment import application, instant
from consent_server.embed.shipped import artifacts
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.document import load_document
from consent_server.sites.errors import KeyInvalid, NothingToPublish
from consent_server.sites.keys import authenticate, create_key
from demo.addresses import DEFAULTS, Addresses
from demo.looks import publish_looks

SITE = "demo"
DOCUMENT = Path(__file__).parents[1] / "examples" / "demo.yaml"
#: The shop asks the check API, and shows the log to whoever looks at the page.
SCOPES = ("check", "export")


@dataclass(frozen=True)
class DemoFiles:
    """What the demonstration keeps in the data directory."""

    data_dir: Path
    api_key: Path
    #: Seconds to add to the clock.
    clock: Path

    @classmethod
    def below(cls, data_dir: str) -> "DemoFiles":
        """Return the files below a data directory, and make their folder."""
        top = Path(data_dir).absolute()
        own = top / "demo"
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        own.mkdir(mode=0o700, exist_ok=True)
        return cls(top, own / "api-key", own / "clock")


@dataclass(frozen=True)
class DemoSite:
    """The published site."""

    #: Secret of the shop's own back end.
    api_key: str


def prepare(addresses: Addresses, files: DemoFiles) -> DemoSite:
    """Publish the demo site unless it is published, and return the shop's key to it.

    :raises ConsentError: the settings or the document are refused
    """
    with application() as app:
        now, notary = instant(), app.extensions["consent_notary"]
        document = load_document(document_text(addresses), artifacts().texts)
        try:
            publication = publish_in_log(document, artifacts(), notary, now).publication
        except NothingToPublish as same:
            print(f"Site {SITE}: revision {same.revision} is published already")
        else:
            print(f"Site {SITE}: published revision {publication.revision}")
        publish_looks(document_text(addresses), notary, now)
        return DemoSite(_api_key(files.api_key, now))


def document_text(addresses: Addresses) -> str:
    """Return the example document with the addresses in use instead of the usual ones."""
    text = DOCUMENT.read_text(encoding="utf-8")
    shop, analytics = addresses.shop, addresses.analytics
    shop_port = DEFAULTS["DEMO_SHOP_BIND"].rpartition(":")[2]
    text = text.replace(f"localhost:{shop_port}", f"localhost:{shop.port}")
    text = text.replace(DEFAULTS["DEMO_ANALYTICS_BIND"], analytics.bind)
    return text.replace(DEFAULTS["DEMO_SHOP_BIND"], shop.bind)


def _api_key(path: Path, now: datetime) -> str:
    """Return the key of an earlier start while it is in force, else a new one, kept for later."""
    try:
        key = path.read_text(encoding="ascii").strip()
        if authenticate(key).site_id == SITE:
            return key
    except (FileNotFoundError, KeyInvalid):
        pass
    _, key = create_key(SITE, SCOPES, now)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key)
    return key
