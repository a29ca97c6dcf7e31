"""How a command is told of which visitor it is: by a consent id, which is never printed."""

from typing import Any, TextIO

import click
from flask import Flask

from consent_server.ledger.canonical import NotBase64url, base64url_decode

#: Bytes of a consent id.
ID_BYTES = 16


def consent_id_options(command: Any) -> Any:
    """Let a command take a consent id."""
    command = click.option(
        "--consent-id-file",
        type=click.File("r", encoding="utf-8"),
        help="File that holds the consent id; - is standard input.",
    )(command)
    return click.option(
        "--consent-id",
        metavar="ID",
        help="The consent id itself; other users of this machine may see it.",
    )(command)


def subject_of(app: Flask, site_id: str, consent_id: str | None, file: TextIO | None) -> str:
    """Return the pseudonym of the consent id that was given, in one of two ways.

    :raises click.UsageError: none was given, or two, or it is none
    """
    if (consent_id is None) == (file is None):
        raise click.UsageError("give one of --consent-id and --consent-id-file")
    given = consent_id if consent_id is not None else str(file.read()).strip() if file else ""
    try:
        is_whole = len(base64url_decode(given)) == ID_BYTES
    except NotBase64url:
        is_whole = False
    if not is_whole:
        raise click.UsageError("a consent id has 22 characters, base64url")
    subject: str = app.extensions["consent_keys"].subject(site_id, given)
    return subject
