"""Checks of the process and its files; they need no database."""

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from consent_server.disk import filesystem_of, least_free
from consent_server.operations.selfcheck.line import Line, fail, ok, warn
from consent_server.operations.writing import folder_problem
from consent_server.settings import Settings

#: Bytes.
LEAST_FREE = 1024**3
#: File systems of other machines: their locks and their fsync are not to be relied on.
NETWORKED = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs"),
    *("virtiofs", "autofs"),  # of the host, and of whoever is asked when somebody looks
}
#: Passwords that stand in instructions, ours and others'.
EXAMPLES = {
    "password",
    "secret",
    "changeme",
    "change-me",
    "example",
    "postgres",
    "consent",
}
#: Different characters that 32 random ones have, but for once in a life of the universe.
FEWEST_CHARACTERS = 8


def debug(app: Flask, settings: Settings) -> Line:
    """Debug mode shows source and state to whoever meets an error."""
    if not app.debug:
        return ok("debug", "off")
    mend = "unset FLASK_DEBUG"
    if settings.is_on_loopback:
        return warn("debug", "on, on loopback", mend)
    return fail("debug", f"on, and {settings.public_url} is public", mend)


def data_directory(settings: Settings) -> Line:
    """All that must be kept lies there, and nobody else may read it."""
    name, path = "data-directory", settings.data_dir
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return fail(name, f"{path} has mode {mode:04o}", f"chmod 700 {path}")
    if settings.is_sqlite and (opened := _open_to_others(settings.sqlite_path, path)):
        mend = "chmod 600 the file, 700 its directory"
        return fail(name, f"the database is open to others: {opened}", mend)
    kind = filesystem_of(settings.sqlite_path.parent if settings.is_sqlite else path)
    if kind in NETWORKED:
        mend = "use a local disk, or PostgreSQL"
        return fail(name, f"{path} is on a file system of another machine ({kind})", mend)
    if (problem := folder_problem(path)) is not None:
        return fail(name, f"{path}: {problem}", "make room, or mount it writable", may_pass=True)
    return ok(name, f"{path}, mode {mode:04o}, {kind or 'file system unknown'}, writable")


def _open_to_others(file: Path, data_dir: Path) -> str:
    """Return what lets others at a SQLite file that lies elsewhere; empty when nothing does."""
    folder = file.parent
    mode = folder.stat().st_mode & 0o777
    if folder.resolve().is_relative_to(data_dir.resolve()) or not mode & 0o077:
        return ""  # nobody else gets as far as the file
    if mode & 0o022:
        return f"{folder} has mode {mode:04o}"
    parts = [file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-journal"))]
    return ", ".join(
        f"{part} has mode {part.stat().st_mode & 0o777:04o}"
        for part in parts
        if part.exists() and part.stat().st_mode & 0o077
    )


def key_files(settings: Settings) -> Line:
    """Whoever reads the keys can mint tokens, and link a browser to its records."""
    name, folder = "key-files", settings.key_ring_path.parent
    opened = [path for path in _with_content(folder) if path.stat().st_mode & 0o077]
    if not opened:
        return ok(name, f"{folder} is for this user alone")
    names = ", ".join(str(path) for path in opened)
    return fail(name, f"open to other users: {names}", "chmod 600 (700 the folder); keys rotate")


def _with_content(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.iterdir())


def secrets(settings: Settings) -> Line:
    """A secret from an example is no secret."""
    name = "secrets"
    token = settings.metrics_token
    if token is not None and len(set(token)) < FEWEST_CHARACTERS:
        mend = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        return fail(name, "CONSENT_METRICS_TOKEN is not random", mend)
    addresses = {
        "DATABASE_URL": settings.database_url,
        "CONSENT_REPLICA_URL": settings.replica_url or "sqlite://",
    }
    for variable, address in addresses.items():
        if any(password.lower() in EXAMPLES for password in _passwords(address)):
            mend = "give the role a random password; better none, over a local socket"
            return fail(name, f"{variable} has a password from an example", mend)
    return ok(name, "none is from an example; the key ring has 256 bits each")


def _passwords(address: str) -> Iterator[str]:
    """Yield the password of a database address, wherever it stands."""
    url = sa.make_url(address)
    yield str(url.password or "")
    for name, values in url.normalized_query.items():
        if "pass" in name.lower() or "pwd" in name.lower():
            yield from values


def metrics(settings: Settings) -> Line:
    """Who watches the service needs the token."""
    if settings.metrics_token is not None:
        return ok("metrics", "for the token")
    if settings.is_on_loopback:
        return ok("metrics", "for this machine")
    return warn("metrics", "for nobody", "set CONSENT_METRICS_TOKEN (docs/metrics.md)")


def disk(settings: Settings) -> Line:
    """With a full disk neither a yes nor a no is recorded."""
    free, folder = least_free(*settings.folders)
    seen = f"{free / 1024**3:.1f} GiB free at {folder}"
    return ok("disk", seen) if free >= LEAST_FREE else warn("disk", seen, "make room")


def surfaces(app: Flask) -> Line:
    """Pages of people who are signed in do not share a host with scripts for other sites."""
    name = "surfaces"
    if any(rule.rule.startswith("/admin") for rule in app.url_map.iter_rules()):
        mend = "let the proxy give /admin/ a host of its own"
        return warn(name, "the admin pages are on the host of the widget", mend)
    return ok(name, "there are no admin pages on the host of the widget")
