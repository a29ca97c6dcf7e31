"""Settings: read once from the environment, all of them checked, all mistakes reported together."""

import ipaddress
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma

from consent_server.addresses import (
    DRIVERS,
    is_bind,
    is_database_url,
    is_loopback,
    is_public_url,
    is_replica_url,
    is_same_place,
)
from consent_server.errors import ConsentError
from consent_server.settings import Settings

#: Settings that may lie in a file of their own, named by a variable that ends in ``_FILE``.
SECRETS = ("DATABASE_URL", "CONSENT_REPLICA_URL", "CONSENT_METRICS_TOKEN")
#: What the names of settings begin with; ``DATABASE_URL`` is everybody's.
PREFIX = "CONSENT_"
#: What a header ``Authorization: Bearer`` can carry (RFC 6750).
LONG_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]{32,512}")
LOG_LEVELS = ["debug", "info", "warning", "error"]


class SettingsInvalid(ConsentError):
    """One or more environment variables hold a value that the service cannot run with."""

    status = 500
    reason = "settings_invalid"

    def __init__(self, errors: dict[str, list[str]]):
        lines = [f"{name}: {'; '.join(messages)}" for name, messages in sorted(errors.items())]
        super().__init__("settings refused\n  " + "\n  ".join(lines))
        self.errors = errors


def _is_long_secret(value: str) -> None:
    # Never repeated in the message.
    if not LONG_SECRET.fullmatch(value):
        raise ma.ValidationError("must have 32 characters or more of A-Z a-z 0-9 - . _ ~ + / =")


def _networks(value: str) -> list[IPv4Network | IPv6Network]:
    names = [name.strip() for name in value.split(",")]
    return [ipaddress.ip_network(name) for name in names if name != "none"]


def _are_networks(value: str) -> None:
    try:
        _networks(value)
    except ValueError:
        message = "must be addresses or networks with commas between, such as 10.0.0.0/8, or none"
        raise ma.ValidationError(message) from None


class SettingsSchema(ma.Schema):
    """Translates environment variables to typed values; every variable is optional."""

    class Meta:
        """Other variables of the environment are none of our business."""

        unknown = ma.EXCLUDE

    data_dir = ma.fields.String(data_key="CONSENT_DATA_DIR", load_default="var")
    database_url = ma.fields.String(
        data_key="DATABASE_URL", load_default=None, validate=is_database_url
    )
    replica_url = ma.fields.String(
        data_key="CONSENT_REPLICA_URL", load_default=None, validate=is_replica_url
    )
    is_pooled = ma.fields.Boolean(data_key="CONSENT_DATABASE_POOLED", load_default=False)
    bind = ma.fields.String(
        data_key="CONSENT_BIND",
        load_default="127.0.0.1:8000",
        validate=is_bind,
    )
    public_url = ma.fields.String(
        data_key="CONSENT_PUBLIC_URL",
        load_default=None,
        validate=is_public_url,
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
    merge_delay = ma.fields.Integer(
        data_key="CONSENT_MERGE_DELAY", load_default=60, validate=ma.validate.Range(2, 86_400)
    )
    reserve = ma.fields.Integer(
        data_key="CONSENT_RESERVE_MIB", load_default=64, validate=ma.validate.Range(0, 65_536)
    )
    witness_policy = ma.fields.String(data_key="CONSENT_WITNESS_POLICY", load_default=None)
    proxies = ma.fields.String(
        data_key="CONSENT_PROXIES", load_default="127.0.0.0/8, ::1", validate=_are_networks
    )
    has_rates = ma.fields.Boolean(data_key="CONSENT_RATES", load_default=True)
    gpc_updated = ma.fields.Date(format="iso", data_key="CONSENT_GPC_UPDATED", load_default=None)
    metrics_token = ma.fields.String(
        data_key="CONSENT_METRICS_TOKEN", load_default=None, validate=_is_long_secret
    )


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
    url = _with_driver(values["database_url"] or f"sqlite:///{_spelled(data_dir)}/consent.sqlite3")
    is_sqlite = url.startswith("sqlite")
    _check_together(values, is_sqlite and "DATABASE_URL" not in errors, errors)
    _check_replica(values, errors)
    if errors:
        raise SettingsInvalid(errors)
    return Settings(
        data_dir=data_dir,
        database_url=url,
        is_pooled=values["is_pooled"],
        bind_host=host.strip("[]"),
        bind_port=int(port),
        public_url=(values["public_url"] or f"http://{values['bind']}").rstrip("/"),
        auto_migrate=values["auto_migrate"],
        demo_clock=Path(values["demo_clock"]) if values["demo_clock"] else None,
        workers=values["workers"] or (1 if is_sqlite else 2),
        threads=values["threads"],
        log_level=values["log_level"],
        merge_delay=values["merge_delay"],
        reserve=values["reserve"] * 1024**2 if is_sqlite else 0,
        witness_policy=Path(values["witness_policy"]) if values["witness_policy"] else None,
        proxies=tuple(_networks(values["proxies"])),
        has_rates=values["has_rates"],
        gpc_updated=values["gpc_updated"].isoformat() if values["gpc_updated"] else None,
        replica_url=_with_driver(values["replica_url"]) if values["replica_url"] else None,
        metrics_token=values["metrics_token"],
        unknown=_unknown(environ),
    )


def _unknown(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return variables that are named like settings and are none, and what each may mean.

    They stop nothing: a later version may know them.
    """
    known = [field.data_key or name for name, field in SettingsSchema().fields.items()]
    known += [f"{name}_FILE" for name in SECRETS]
    by_rest = {name.removeprefix(PREFIX): name for name in known}
    unknown: dict[str, str | None] = {}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and environ[name]:
            meant = get_close_matches(name.removeprefix(PREFIX), by_rest, 1)
            unknown[name] = by_rest[meant[0]] if meant else None
    return unknown


def as_variables(settings: Settings) -> dict[str, Any]:
    """Return what is run with, by the variable that sets it; None where nothing is set.

    What is not in the environment is there too, as it was found or chosen. Secrets are in it.
    """
    host = f"[{settings.bind_host}]" if ":" in settings.bind_host else settings.bind_host
    computed = {"bind": f"{host}:{settings.bind_port}", "reserve": settings.reserve // 1024**2}
    names = {name: field.data_key or name for name, field in SettingsSchema().fields.items()}
    return {
        variable: computed[name] if name in computed else getattr(settings, name)
        for name, variable in names.items()
    }


def _check_together(
    values: Mapping[str, Any], is_sqlite: bool, errors: dict[str, list[str]]
) -> None:
    """Add what is wrong with settings only beside one another."""
    is_public = not is_loopback(values["bind"].rpartition(":")[0])
    if is_sqlite and (values["workers"] or 1) != 1:
        errors["CONSENT_WORKERS"] = ["SQLite takes exactly one process; use threads or PostgreSQL"]
    # Behind a proxy a public service listens on loopback, too.
    is_known = values["public_url"] is not None and "CONSENT_PUBLIC_URL" not in errors
    has_visitors = is_known and not is_loopback(urlsplit(values["public_url"]).hostname or "")
    if values["demo_clock"] and (is_public or has_visitors):
        errors["CONSENT_DEMO_CLOCK"] = ["only the demo moves the clock, and it listens on loopback"]
    if is_public and values["public_url"] is None and "CONSENT_PUBLIC_URL" not in errors:
        errors["CONSENT_PUBLIC_URL"] = ["must be set when CONSENT_BIND is not on loopback"]


def _check_replica(values: Mapping[str, Any], errors: dict[str, list[str]]) -> None:
    """Add what is wrong with the address of a replica beside that of the database."""
    replica, database = values["replica_url"], values["database_url"]
    if replica is None or "DATABASE_URL" in errors:
        return
    if database is None or database.startswith("sqlite"):
        errors["CONSENT_REPLICA_URL"] = ["SQLite has no replica; name the PostgreSQL database too"]
    elif is_same_place(replica, database):
        errors["CONSENT_REPLICA_URL"] = ["is the database itself; name a standby, or leave it out"]


def _with_secret_files(given: dict[str, str], errors: dict[str, list[str]]) -> dict[str, str]:
    """Read the secrets that are given as files (``DATABASE_URL_FILE``)."""
    read = dict(given)
    for name in SECRETS:
        path = given.get(f"{name}_FILE")
        try:
            if path:
                read[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            errors[f"{name}_FILE"] = [f"cannot be read: {type(error).__name__}"]
    return read


def _with_driver(url: str) -> str:
    """Name the driver; a relative SQLite file is meant from the working directory."""
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest.startswith("///") and not rest.startswith("////"):
        rest = f"///{Path(_spelled(Path.cwd()), rest.removeprefix('///'))}"
    return f"{DRIVERS[scheme]}:{rest}"


def _spelled(path: Path) -> str:
    """Write a path as a database address has it."""
    return str(path).replace("%", "%25").replace("?", "%3F")
