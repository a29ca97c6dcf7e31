"""Checks of a PostgreSQL database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from consent_server import roles
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.operations.selfcheck.line import Line, fail, ok, warn

#: Oldest major version that is tested.
OLDEST = 15
#: Limits that end what waits; "0" for none.
ENDS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
#: Tables of a site by what keeps their rows apart: whether it is on, for the owner too, and its
#: policies, of whatever name.
KEPT = (
    "SELECT relname, relrowsecurity AND relforcerowsecurity AS is_on, array(SELECT "
    "concat_ws(' ', polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid), "
    "pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE polrelid = pg_class.oid) "
    "AS policies FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace "
    "AND relname = ANY(:tables) AND (relname = 'sites' OR EXISTS (SELECT 1 FROM pg_attribute "
    "WHERE attrelid = pg_class.oid AND attname = 'site_id')) ORDER BY relname"
)
#: What they are (migrations 0007 and 0009), as PostgreSQL writes them.
POLICIES = (
    "* t {{0}} ({column} = current_setting('consent.site'::text, true))",
    "* t {{0}} (current_setting('consent.every_site'::text, true) <> ''::text)",
)
#: Settings without which a committed decision may be lost.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def _shown(name: str) -> str:
    return str(db.session.scalar(sa.text("SELECT current_setting(:name)"), {"name": name}))


def version() -> Line:
    """What is tested."""
    found = _shown("server_version")
    if int(_shown("server_version_num")) < OLDEST * 10_000:
        return fail("postgresql-version", found, f"PostgreSQL {OLDEST} or newer")
    return ok("postgresql-version", found)


def durability() -> Line:
    """An acknowledged decision outlives a power cut."""
    off = [name for name in DURABLE if _shown(name) == "off"]
    if off:
        seen = f"{', '.join(off)} off: a power cut loses what was acknowledged"
        return fail("postgresql-durability", seen, "switch it on, and restart the server")
    return ok("postgresql-durability", ", ".join(DURABLE))


def checksums() -> Line:
    """A disk that returns something else than it was given is noticed."""
    if _shown("data_checksums") == "on":
        return ok("postgresql-checksums", "on")
    mend = "pg_checksums --enable, while the server is stopped"
    return warn("postgresql-checksums", "off: silent damage on the disk is not noticed", mend)


def role() -> Line:
    """The service's role can do what the service does, and little more."""
    name = "postgresql-role"
    own = str(db.session.scalar(sa.text("SELECT current_user")))
    powers = roles.powers(db.session.connection(), own)
    if powers:
        mend = f'ALTER ROLE "{own}" {roles.ATTRIBUTES}, and REVOKE from it the roles that are named'
        return fail(name, f"{own} may do too much: {', '.join(powers)}", mend)
    if _owns_the_tables():
        seen = f"{own} owns its tables, so whoever has its password can drop the triggers"
        mend = "let the service be another role: db roles NAME --apply (docs/deployment.md)"
        return warn(name, seen, mend)
    return ok(name, f"{own} has no special powers and owns no table")


def rights() -> Line:
    """A role that does not own the tables may do what the service does, and nothing else."""
    name = "postgresql-rights"
    if _owns_the_tables():
        return ok(name, "all of them: it owns the tables")
    missing, needless = roles.differences(db.session.connection())
    if _shown_is("has_schema_privilege(current_schema(), 'CREATE')"):
        needless.append("CREATE in the schema")
    mend = "as the owner of the tables: db roles NAME --apply (docs/deployment.md)"
    if missing:
        return fail(name, f"lacks {', '.join(missing)}", mend)
    if needless:
        return warn(name, f"may do what it never does: {', '.join(needless)}", mend)
    return ok(name, "what the service does, and nothing else")


def limits() -> Line:
    """What waits, ends: a statement, a lock, a transaction that does nothing."""
    name = "postgresql-limits"
    without = [limit for limit in ENDS if _shown(limit) == "0"]
    if without:
        mend = "give them to the role: db roles NAME, run by an administrator (docs/deployment.md)"
        return warn(name, f"no {', '.join(without)}: what waits, waits for ever", mend)
    return ok(name, ", ".join(f"{limit} {_shown(limit)}" for limit in ENDS))


def row_security() -> Line:
    """A forgotten condition shows no row of another site."""
    name = "postgresql-row-security"
    mend = "python -m consent_server db upgrade, or ALTER TABLE … FORCE ROW LEVEL SECURITY"
    tables = db.session.execute(sa.text(KEPT), {"tables": list(roles.RIGHTS)}).all()
    off = [table.relname for table in tables if not table.is_on]
    if off:
        return fail(name, f"switched off for {', '.join(off)}", mend)
    others = [table.relname for table in tables if sorted(table.policies) != _policies(table)]
    if others:
        mend = "drop what is too much (\\d TABLE in psql), make anew what is missing"
        return fail(name, f"other policies than ours for {', '.join(others)}", mend)
    if _shown_is("rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"):
        seen = "it does not hold for this role, which bypasses it"
        return warn(name, seen, "let the service be another role (docs/deployment.md)")
    return ok(name, "a transaction sees the rows of the site that it names")


def _policies(table: Any) -> list[str]:
    column = "id" if table.relname == "sites" else "site_id"
    return sorted(policy.format(column=column) for policy in POLICIES)


def _shown_is(expression: str) -> bool:
    return bool(db.session.scalar(sa.text(f"SELECT {expression}")))


def _owns_the_tables() -> bool:
    owner = sa.text(
        "SELECT pg_has_role(current_user, tableowner::name, 'MEMBER') FROM pg_tables "
        "WHERE schemaname = current_schema() AND tablename = :table"
    )
    return bool(db.session.scalar(owner, {"table": ConsentRecord.__tablename__}))


def encryption() -> Line:
    """What goes to a server elsewhere is not for others to read."""
    name = "postgresql-tls"
    row = _way(db.session.connection())
    if row.ssl:
        return ok(name, "encrypted")
    if not _is_readable(row):
        return ok(name, "on this machine")
    mend = "add ?sslmode=verify-full&sslrootcert=FILE to DATABASE_URL"
    return warn(name, "not encrypted, and on another machine", mend)


def is_readable_on_the_way(connection: Connection) -> bool:
    """Whether a connection leads to another machine, and is not encrypted."""
    return _is_readable(_way(connection))


def _way(connection: Connection) -> Any:
    return connection.execute(
        sa.text("SELECT ssl, inet_server_addr() FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    ).one()


def _is_readable(row: Any) -> bool:
    at = row.inet_server_addr
    return not row.ssl and at is not None and not str(at).startswith(("127.", "::1"))
