"""Work in parts of which none puts off another."""

from collections.abc import Callable, Iterable

from consent_server.columns import UNREADABLE
from consent_server.db import answers_still
from consent_server.sqlite import is_no_text


def do_all(parts: Iterable[Callable[[], object]]) -> None:
    """Do all parts, whatever one of them meets, as long as the database answers.

    :raises Exception: what the first of them met that may pass; if there is none, what the first
        met that :func:`is_unreadable`: all others are done then
    """
    refused: Exception | None = None
    unread: Exception | None = None
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 (told when the others are done)
            is_answered = answers_still()
            if is_answered and is_unreadable(error):
                unread = unread or error
            else:
                refused = refused or error
            if not is_answered:
                break
    if problem := refused or unread:
        raise problem


def is_unreadable(error: Exception) -> bool:
    """Whether it is of a row that is not as the service writes any, and will be until it is."""
    return isinstance(error, UNREADABLE) or is_no_text(getattr(error, "orig", None))
