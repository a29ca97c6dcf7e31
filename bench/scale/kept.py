"""How many bytes a database keeps for a record: its row, keys, indexes, place in the log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.contestants import SITE_DOCUMENT
from bench.log.filling import fill
from bench.log.measuring import NOW, per_second
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.service import seal
from consent_server.sites.document import load_document
from consent_server.sites.publishing import publish


def kept(url: str, folder: Path, records: int) -> dict[str, Any]:
    """Return bytes a record, in all and by table, and leaves sealed in a second of CPU time.

    :param url: of an empty database
    :param records: that are written and sealed; of as many visitors
    """
    settings = {
        "DATABASE_URL": url,
        "CONSENT_DATA_DIR": str(folder),
        "CONSENT_PUBLIC_URL": "https://consent.example",
        "CONSENT_RESERVE_MIB": "0",
    }
    app = create_app(load_settings(settings))
    ensure_schema(app)
    with app.app_context():
        publication = publish(
            load_document(SITE_DOCUMENT.read_text(encoding="utf-8")), artifacts(), NOW
        )
        site, notary = publication.site_id, app.extensions["consent_notary"]
        seal(site, notary, NOW)
        before = _sizes()
        fill(publication, records, NOW)
        leaves = per_second(lambda: seal(site, notary, NOW).count)
        after = _sizes()
        db.session.remove()
        db.engine.dispose()
    grown = {name: round((after[name] - before.get(name, 0)) / records) for name in after}
    tables = {name: size for name, size in sorted(grown.items()) if size}
    return {
        "records": records,
        "bytes_per_record": sum(tables.values()),
        "tables": tables,
        "leaves_per_second": leaves,
    }


def _sizes() -> Mapping[str, int]:
    """Return the bytes of each table with its indexes; of SQLite, which does not tell, of all."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            asked = (
                "SELECT 'everything', page_count * page_size "
                "FROM pragma_page_count(), pragma_page_size()"
            )
        else:
            connection.exec_driver_sql("VACUUM log_queue")  # what waited there is elsewhere now
            asked = (
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        return {name: int(size) for name, size in connection.exec_driver_sql(asked)}
