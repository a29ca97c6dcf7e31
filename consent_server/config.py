"""Settings: read once from the environment, all of them checked, all mistakes reported together."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma

from consent_server.errors import ConsentError

#: Schemes of DATABASE_URL and the SQLAlchemy driver each of them means.
DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
LOG_LEVELS = ["debug", "info", "warning", "error"]


class SettingsInvalid(ConsentError):
    """One or more environment variables hold a value that the service cannot run with."""

    status = 500
    reason = "settings_invalid"

    def __init__(self, errors: dict[str, list[str]]):
        lines = [f"{name}: {'; '.join(messages)}" for name, messages in sorted(errors.items())]
        super().__init__("settings refused\n  " + "\n  ".join(lines))
        self.errors = errors


@dataclass(frozen=True)
class Settings:
    """What the environment says. See docs/settings.md."""

    #: Directory of everything that must be backed up: SQLite file, key ring. Mode 0700.
    data_dir: Path
    #: SQLAlchemy URL, driver included.
    database_url: str
    #: Address to listen on.
    bind_host: str
    #: 1 to 65535.
    bind_port: int
    #: Scheme, host and optional path prefix that browsers use; no slash at the end.
    public_url: str
    #: Bring an empty or older database to this version's schema at start.
    auto_migrate: bool
    #: File that holds seconds to add to the clock; for the demo alone.
    demo_clock: Path | None
    #: Processes; SQLite takes exactly one.
    workers: int
    #: Threads of each process, also the size of its connection pool.
    threads: int
    log_level: str
    #: RFC 3339 date of ``/.well-known/gpc.json``; None leaves the file out.
    gpc_updated: str | None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///").partition("?")[0])

    @property
    def key_ring_path(self) -> Path:
        """Where the key ring lies: beside the database, never in it."""
        return self.data_dir / "keys" / "ring.json"


def _is_bind(value: str) -> None:
    host, _, port = value.rpartition(":")
    if ":" in host.strip("[]") and not host.startswith("["):
        raise ma.ValidationError("must have an IPv6 address in brackets, for example [::1]:8000")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ma.ValidationError("must be HOST:PORT, for example 127.0.0.1:8000")


def _is_database_url(value: str) -> None:
    # The value may hold a password: it is never repeated in the message.
    if value.partition(":")[0] not in DRIVERS or "://" not in value:
        raise ma.ValidationError("must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    try:
        parts = urlsplit(value)
        is_whole = parts.port is None or parts.port > 0
    except ValueError:  # urlsplit quotes what it could not read
        is_whole = False
    if not is_whole:
        raise ma.ValidationError("must name a port from 1 to 65535")
    if parts.scheme == "sqlite":
        if parts.path in ("", "/") or ":memory:" in value or "mode=memory" in value:
            raise ma.ValidationError("an in-memory database would lose every record; name a file")
        if parts.netloc:
            raise ma.ValidationError("needs three slashes, or four: sqlite:////srv/consent.sqlite3")


def _is_public_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ma.ValidationError("must be https://HOST or https://HOST/PREFIX")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ma.ValidationError("must be https; http is allowed on loopback alone")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class SettingsSchema(ma.Schema):
    """Translates environment variables to typed values; every variable is optional."""

    class Meta:
        """Other variables of the environment are none of our business."""

        unknown = ma.EXCLUDE

    data_dir = ma.fields.String(data_key="CONSENT_DATA_DIR", load_default="var")
    database_url = ma.fields.String(
        data_key="DATABASE_URL", load_default=None, validate=_is_database_url
    )
    bind = ma.fields.String(
        data_key="CONSENT_BIND",
        load_default="127.0.0.1:8000",
        validate=_is_bind,
    )
    public_url = ma.fields.String(
        data_key="CONSENT_PUBLIC_URL",
        load_default=None,
        validate=_is_public_url,
    )
    auto_migrate = ma.fields.Boolean(data_key="CONSENT_AUTO_MIGRATE", load_default=True)
    demo_clock = ma.fields.String(data_key="CONSENT_DEMO_CLOCK", load_default=None)
    workers = ma.fields.Integer(
        data_key="CONSENT_WORKERS", load_default=None, validate=ma.validate.Range(1, 64)
    )
    threads = ma.fields.Integer(
        data_key="CONSENT_THREADS", load_default=8, validate=ma.validate.Range(1, 64)
    )
    log_level = ma.fields.String(
        data_key="CONSENT_LOG_LEVEL",
        load_default="info",
        validate=ma.validate.OneOf(LOG_LEVELS),
    )
    gpc_updated = ma.fields.Date(format="iso", data_key="CONSENT_GPC_UPDATED", load_default=None)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read every setting from ``environ``; an empty variable counts as unset.

    :raises SettingsInvalid: with every wrong variable and what each of them may hold
    """
    errors: dict[str, list[str]] = {}
    given = _with_secret_files({name: text for name, text in environ.items() if text}, errors)
    try:
        values = SettingsSchema().load(given)
    except ma.ValidationError as refused:
        errors.update(refused.messages_dict)
        # What could be read is still checked, so that every mistake is told at once.
        defaults = SettingsSchema().load({})
        values = {
            **defaults,
            **(refused.valid_data if isinstance(refused.valid_data, dict) else {}),
        }
    host, _, port = values["bind"].rpartition(":")
    data_dir = Path(values["data_dir"]).absolute()
    url = _with_driver(values["database_url"] or f"sqlite:///{data_dir}/consent.sqlite3")
    is_sqlite = url.startswith("sqlite")
    _check_together(values, is_sqlite and "DATABASE_URL" not in errors, errors)
    if errors:
        raise SettingsInvalid(errors)
    return Settings(
        data_dir=data_dir,
        database_url=url,
        bind_host=host.strip("[]"),
        bind_port=int(port),
        public_url=(values["public_url"] or f"http://{values['bind']}").rstrip("/"),
        auto_migrate=values["auto_migrate"],
        demo_clock=Path(values["demo_clock"]) if values["demo_clock"] else None,
        workers=values["workers"] or (1 if is_sqlite else 2),
        threads=values["threads"],
        log_level=values["log_level"],
        gpc_updated=values["gpc_updated"].isoformat() if values["gpc_updated"] else None,
    )


def _check_together(
    values: Mapping[str, Any], is_sqlite: bool, errors: dict[str, list[str]]
) -> None:
    """Add what is wrong with settings only beside one another."""
    is_public = not _is_loopback(values["bind"].rpartition(":")[0])
    if is_sqlite and (values["workers"] or 1) != 1:
        errors["CONSENT_WORKERS"] = ["SQLite takes exactly one process; use threads or PostgreSQL"]
    if is_sqlite and values["database_url"] is None and "?" in values["data_dir"]:
        errors["CONSENT_DATA_DIR"] = ["must not hold a ?, which ends a path in a database address"]
    if values["demo_clock"] and is_public:
        errors["CONSENT_DEMO_CLOCK"] = ["only the demo moves the clock, and it listens on loopback"]
    if is_public and values["public_url"] is None and "CONSENT_PUBLIC_URL" not in errors:
        errors["CONSENT_PUBLIC_URL"] = ["must be set when CONSENT_BIND is not on loopback"]


def _with_secret_files(given: dict[str, str], errors: dict[str, list[str]]) -> dict[str, str]:
    """Read the secrets that are given as files (``DATABASE_URL_FILE``)."""
    path = given.get("DATABASE_URL_FILE")
    if not path:
        return given
    try:
        return {**given, "DATABASE_URL": Path(path).read_text(encoding="utf-8").strip()}
    except (OSError, UnicodeDecodeError) as error:
        errors["DATABASE_URL_FILE"] = [f"cannot be read: {type(error).__name__}"]
        return given


def _with_driver(url: str) -> str:
    """Name the driver; a relative SQLite file is meant from the working directory."""
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest.startswith("///") and not rest.startswith("////"):
        rest = f"///{Path(rest.removeprefix('///')).absolute()}"
    return f"{DRIVERS[scheme]}:{rest}"
