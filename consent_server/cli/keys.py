"""``keys``: the key ring of the tokens."""

import click

from consent_server.cli import Group, json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.columns import rfc3339


@click.group(cls=Group)
def keys() -> None:
    """Signing keys of the consent tokens; they lie in the data directory, not in the database."""


@keys.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the keys and their states."""
    with application(with_schema=False) as app:
        lines = [
            {"kid": key.kid, "state": str(key.state), "created": rfc3339(key.created)}
            for key in app.extensions["consent_keys"].token_keys()
        ]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        click.echo(f"{line['kid']:<44} {line['state']:<12} {line['created']}")


@keys.command()
@why_option
@json_option
def rotate(why: str | None, as_json: bool) -> None:
    """Put the next key to work; tokens of the old one stay valid.

    Copy keys/ring.json to every machine of the service and to your backup at once.
    """
    with application() as app:
        ring = app.extensions["consent_keys"]
        record_deed(None, "keys-rotate", why)
        ring.rotate(instant())
        if as_json:
            print_json({"kid": ring.active.kid})
        else:
            click.echo(f"signing with {ring.active.kid}")
        click.echo(
            "copy keys/ring.json to every machine of the service and to your backup", err=True
        )


@keys.command()
@click.argument("kid")
@click.confirmation_option(
    help="Do not ask.", prompt="Every token of this key will be refused. Revoke it?"
)
@why_option
def revoke(kid: str, why: str | None) -> None:
    """Refuse every token that the key KID signed."""
    with application() as app:
        record_deed(None, "keys-revoke", why, key=kid)
        app.extensions["consent_keys"].revoke(kid, instant())
        click.echo(f"{kid}: revoked")
