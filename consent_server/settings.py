"""What the service runs with, once it was read and checked (``config``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from consent_server.addresses import is_loopback

#: Threads of each process beside those of the setting, for what takes no time: half of them for
#: the check API, all for scripts.
SPARE_THREADS = 4
#: Threads for whether a process can record, and for its measures.
OPERATORS_THREADS = 2


def lock_of(database: Path) -> Path:
    """Return the lock beside a SQLite file; a link to the file has none of its own."""
    found = database.resolve()
    return found.with_name(f"{found.name}.lock")


@dataclass(frozen=True)
class Settings:
    """What the environment says. See docs/settings.md."""

    #: Directory of everything that must be backed up: SQLite file, key ring. Mode 0700.
    data_dir: Path
    #: SQLAlchemy URL, driver included.
    database_url: str
    #: A pooler hands on transactions, not sessions (PgBouncer's ``pool_mode = transaction``).
    is_pooled: bool
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
    #: Threads of each process that decide and export; it has some more, ``SPARE_THREADS``.
    threads: int
    log_level: str
    #: Seconds within which a record is in the log of its site.
    merge_delay: int
    #: Bytes that are kept on the disk of a SQLite file for refusals and withdrawals.
    reserve: int
    #: Trust policy (c2sp.org/tlog-policy) that names the witnesses of the logs; None for no file.
    witness_policy: Path | None
    #: Networks whose ``X-Forwarded-For`` is believed.
    proxies: tuple[IPv4Network | IPv6Network, ...]
    #: Whether requests are counted.
    has_rates: bool
    #: RFC 3339 date of ``/.well-known/gpc.json``; None leaves the file out.
    gpc_updated: str | None
    #: SQLAlchemy URL of a standby that exports are read from; None reads the database itself.
    replica_url: str | None = field(repr=False)
    #: What ``/metrics`` is given for; None gives it on loopback alone.
    metrics_token: str | None = field(repr=False)
    #: Variables that are named like settings and are none → the setting that may be meant, or None.
    unknown: Mapping[str, str | None] = field(hash=False)

    @property
    def is_on_loopback(self) -> bool:
        """Whether browsers reach the service from this machine alone."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path:
        """The SQLite file; in the address of a database, ``%20`` is a blank."""
        return Path(unquote(self.database_url.removeprefix("sqlite:///").partition("?")[0]))

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where this machine keeps data: the data directory, and that of the SQLite file."""
        own = (self.data_dir,)
        return (*own, self.sqlite_path.parent) if self.is_sqlite else own

    @property
    def reserve_path(self) -> Path:
        """What is kept in reserve, on the disk of the SQLite file."""
        if not self.is_sqlite:
            return self.data_dir / "reserve"
        return self.sqlite_path.with_name(f"{self.sqlite_path.name}.reserve")

    @property
    def rates_path(self) -> Path:
        """What several processes count requests in; may be lost at any time."""
        return self.data_dir / "rates.sqlite3"

    @property
    def metrics_path(self) -> Path:
        """Where the processes of this machine count; may be lost at any time."""
        return self.data_dir / "metrics"

    @property
    def key_ring_path(self) -> Path:
        """Where the key ring lies: beside the database, never in it."""
        return self.data_dir / "keys" / "ring.json"
