"""The use case of an operator who asks whether all is well."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

from flask import Flask
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from consent_server import schema
from consent_server.db import PragmaRefused, db
from consent_server.erasing.erasedlist import ErasedList
from consent_server.errors import told_of_database
from consent_server.operations.selfcheck import care, logs, machine, postgresql, sqlite
from consent_server.operations.selfcheck.line import Line, fail, not_looked_at, ok, warn
from consent_server.operations.selfcheck.replica import replica
from consent_server.operations.selfcheck.tables import tables
from consent_server.operations.writing import why_not_writable
from consent_server.replica import Replica
from consent_server.sealing.notary import Notary
from consent_server.settings import Settings

Check = Callable[[], Line]


def selfcheck(app: Flask, now: datetime) -> Iterator[Line]:
    """Yield what each check says; needs the application's context, and changes nothing.

    :param now: aware, UTC
    """
    settings: Settings = app.extensions["consent_settings"]
    yield _settings(settings)
    for name, look in _of_the_machine(app, settings, now).items():
        yield _tried(name, look)
    yield from _of_the_database(app, settings, now)


def _of_the_machine(app: Flask, settings: Settings, now: datetime) -> dict[str, Check]:
    return {
        "debug": partial(machine.debug, app, settings),
        "data-directory": partial(machine.data_directory, settings),
        "key-files": partial(machine.key_files, settings),
        "secrets": partial(machine.secrets, settings),
        "metrics": partial(machine.metrics, settings),
        "disk": partial(machine.disk, settings),
        "surfaces": partial(machine.surfaces, app),
        "proxy": partial(care.proxy, settings),
        "first-party": partial(care.first_party, settings),
        "erased-list": partial(care.erased_list, app.extensions["consent_erased"]),
        "backup": partial(care.backup, settings, now),
        "restore": partial(care.rehearsal, settings, now),
    }


def _tried(name: str, look: Check) -> Line:
    """Look; a check that fails itself is a line, and the others are looked at all the same.

    :raises OperationalError: the database is gone, and no other line of it can be had
    """
    try:
        return look()
    except (PragmaRefused, OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever was met there)
        return not_looked_at(name, error)
    finally:
        with suppress(SQLAlchemyError):
            db.session.rollback()


def _settings(settings: Settings) -> Line:
    processes = f"{settings.workers} process{'' if settings.workers == 1 else 'es'}"
    engine = "SQLite" if settings.is_sqlite else "PostgreSQL"
    seen = f"{settings.public_url}, {engine}, {processes}, {settings.threads} threads"
    if settings.unknown:
        named = ", ".join(settings.unknown)
        return warn("settings", f"{seen}; no settings: {named}", "check-config says what is meant")
    return ok("settings", seen)


def _of_the_database(app: Flask, settings: Settings, now: datetime) -> Iterator[Line]:
    try:
        found = schema.current()
        yield ok("database", f"{db.engine.dialect.name} answers")
        checks: dict[str, Check] = {"database-writable": partial(_writable, settings)}
        checks["schema"] = partial(_schema, settings, found)
        checks |= _sqlite(settings) if settings.is_sqlite else _postgresql(app)
        if schema.runs_on(found):
            checks |= {} if settings.is_sqlite else _postgresql_tables(found)
            checks |= _recorded(app, settings, now)
        for name, look in checks.items():
            yield _tried(name, look)
    except PragmaRefused as refusal:
        yield fail("sqlite-pragmas", str(refusal), "see docs/settings.md, SQLite")
    except SQLAlchemyError as error:
        yield does_not_answer(error)
    except Exception as error:  # noqa: BLE001 (a parameter of its address, say)
        yield not_looked_at("database", error)
    finally:
        with suppress(SQLAlchemyError):
            db.session.rollback()


def does_not_answer(error: SQLAlchemyError) -> Line:
    """Say that the database cannot be asked, and why as far as it quotes nothing of it."""
    told = told_of_database(error)
    words = [told[part] for part in ("error", "code", "why") if part in told]
    may_pass = isinstance(error, OperationalError)
    mend = "does it run, and does DATABASE_URL name it? Until then every answer is 503"
    if not may_pass:
        mend = "is DATABASE_URL right? A file that is damaged: restore a backup (docs/backup.md)"
    return fail("database", f"does not answer ({': '.join(words)})", mend, may_pass=may_pass)


def _writable(settings: Settings) -> Line:
    problem = why_not_writable(settings)
    if problem is None:
        return ok("database-writable", "a record could be written")
    mend = "make room, or let it be written: until then every decision is answered with 503"
    return fail("database-writable", problem, mend, may_pass=True)


def _schema(settings: Settings, found: str | None) -> Line:
    needed = schema.head()
    if found == needed:
        return ok("schema", found)
    seen = f"{found or 'none'}, this version needs {needed}"
    if found is not None and found not in schema.revisions():
        mend = "a newer version of the service made it: install that one"
        return (warn if schema.runs_on(found) else fail)("schema", seen, mend)
    if settings.auto_migrate:
        return ok("schema", f"{seen}; brought up to date at the start")
    return fail("schema", seen, "python -m consent_server db upgrade, with a role that may")


def _sqlite(settings: Settings) -> dict[str, Check]:
    return {
        "sqlite-version": sqlite.version,
        "sqlite-pragmas": sqlite.pragmas,
        "sqlite-processes": partial(sqlite.processes, settings),
    }


def _postgresql(app: Flask) -> dict[str, Check]:
    named: Replica | None = app.extensions["consent_replica"]
    return {
        "postgresql-version": postgresql.version,
        "postgresql-durability": postgresql.durability,
        "postgresql-checksums": postgresql.checksums,
        "postgresql-role": postgresql.role,
        "postgresql-tls": postgresql.encryption,
        "postgresql-limits": postgresql.limits,
        **({} if named is None else {"postgresql-replica": partial(replica, named)}),
    }


def _postgresql_tables(found: str | None) -> dict[str, Check]:
    is_ours = found == schema.head()  # a newer one may have others
    return {
        "postgresql-rights": postgresql.rights,
        "postgresql-row-security": postgresql.row_security,
        **({"postgresql-tables": tables} if is_ours else {}),
    }


def _recorded(app: Flask, settings: Settings, now: datetime) -> dict[str, Check]:
    notary: Notary = app.extensions["consent_notary"]
    erased: ErasedList = app.extensions["consent_erased"]
    others = not settings.is_sqlite
    return {
        "clock": partial(logs.clock, now),
        "erasures-listed": partial(logs.erasures_listed, erased, may_be_others=others),
        "logs-whole": partial(logs.promises, notary),
        "logs-signed": logs.alarms,
        "logs-timely": partial(logs.lag, settings, now),
        "witness": partial(logs.witness, notary.policy, now),
        "widget-builds": logs.builds,
        "origins": logs.origins,
    }
