"""The one family of deliberate refusals; everything else that is raised is a bug."""

from typing import Any


class ConsentError(Exception):
    """A refusal that the caller can act on.

    Subclasses are named after the situation and live next to the feature that raises them. Public
    instance attributes are evidence: the web layer and the command line show them, so they never
    hold a secret, an address or a consent id.
    """

    #: HTTP status of the answer, 400 to 599.
    status: int = 400
    #: Stable machine-readable name; part of the public interface (docs/http-api.md).
    reason: str = "refused"

    def evidence(self) -> dict[str, Any]:
        """Return the public attributes of this refusal, as JSON-ready values."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


def title_of(reason: str) -> str:
    """Return the summary of a kind of problem, the same wherever it occurs.

    :source: RFC 9457 section 3.1.3
    """
    return reason.replace("_", " ").capitalize()


def type_of(reason: str, issuer: str) -> str:
    """Return the name of a kind of problem, which is the address where it is explained.

    :param issuer: public address of the service, which may have a path: a relative name would be
        looked for on the host of the page, where there may be other documentation; empty where it
        is not known
    :source: RFC 9457 section 3.1.1
    """
    return f"{issuer}/docs#problem-{reason}"


class RowUnreadable(ConsentError, ValueError):
    """A row says what no version of the service writes: somebody changed it.

    Also a ``ValueError``, for whoever takes such a row for one that is not what was signed. It
    quotes nothing of the row; the error that it comes from may.
    """

    status = 503
    reason = "row_unreadable"
    #: Seconds until a retry makes sense: somebody has to mend the row.
    retry_after = 60

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(
            detail
            or "a row of the database that this needs was changed and cannot be read; nothing was "
            "granted. Whoever runs the service sees where in its log, and by selfcheck and "
            "log audit"
        )


def read_at(error: RowUnreadable) -> dict[str, str]:
    """Return what is logged of a row that cannot be read: the kind of error, and its place."""
    cause = error.__cause__ or error
    return {"error": type(cause).__name__, "at": place_of(cause) or place_of(error)}


def told_of_database(error: BaseException) -> dict[str, str]:
    """Return what is logged of an error of the database: kind, code, place, and no word of a row.

    PostgreSQL gives a code to whatever it says of a statement. What has none is libpq's: why there
    is no connection, in words that name server, role and database, and never a password.

    :param error: SQLAlchemy's, or a driver's; any other one is told by its own kind and place
    """
    driver = getattr(error, "orig", None) or error
    told = {"error": type(driver).__name__, "at": place_of(error)}
    code = getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorname", None)
    if code:
        told["code"] = code
    elif type(driver).__module__.startswith("psycopg") and told["error"] == "OperationalError":
        told["why"] = " ".join(str(driver).split())
    return told


#: What reads values of columns: every row that cannot be read fails there.
READERS = ("consent_server.columns", "consent_server.driver", "consent_server.db")


def place_of(error: BaseException) -> str:
    """Return the line of ours that an error came from, and no word of what was read there."""
    found, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("consent_server.") and name not in READERS:
            found = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
