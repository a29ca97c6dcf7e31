"""``key``: API keys of sites."""

from typing import Any

import click

from consent_server.cli import Group, json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.columns import rfc3339
from consent_server.sites.keys import (
    SCOPES,
    UnreadableKey,
    create_key,
    list_keys,
    require_known,
    revoke_key,
)
from consent_server.sites.models import ApiKey


@click.group(cls=Group)
def key() -> None:
    """API keys with which a site's own programs speak."""


@key.command()
@click.argument("site_id", metavar="SITE")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="check: ask whether consent holds; export: read records and proofs; "
    "admin: both, and the trail. May be given more than once.",
)
@why_option
@json_option
def create(site_id: str, scopes: tuple[str, ...], why: str | None, as_json: bool) -> None:
    """Create a key for SITE and print it, once."""
    with application():
        row, secret = create_key(site_id, scopes, instant())
        # Afterwards, because it names the key; nobody has seen its secret yet.
        record_deed(site_id, "key-create", why, key=row.id, scopes=list(row.scopes))
        if as_json:
            print_json({**_line(row), "key": secret})
            return
    click.echo(secret)
    click.echo("Shown this once; only its hash is stored.", err=True)


@key.command("list")
@click.argument("site_id", metavar="[SITE]", required=False)
@json_option
def list_(site_id: str | None, as_json: bool) -> None:
    """List keys, never their secret."""
    with application():
        lines = [_line(row) for row in list_keys(site_id)]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        if "problem" in line:
            told = f"{line['problem']}: it opens nothing; revoke it and create another"
            click.echo(f"{line['id']}  {line['site']:<24} {told}")
            continue
        state = f"revoked {line['revoked_at']}" if line["revoked_at"] else "in force"
        click.echo(f"{line['id']}  {line['site']:<24} {','.join(line['scopes']):<14} {state}")
    if not lines:
        click.echo("no keys; see: key create --help")


@key.command()
@click.argument("key_id", metavar="ID")
@why_option
def revoke(key_id: str, why: str | None) -> None:
    """Refuse the key with this ID (its 8 public characters) from now on."""
    with application():
        record_deed(require_known(key_id), "key-revoke", why, key=key_id)
        revoke_key(key_id, instant())
        click.echo(f"{key_id}: revoked")


def _line(row: ApiKey | UnreadableKey) -> dict[str, Any]:
    if isinstance(row, UnreadableKey):
        return {"id": row.id, "site": row.site_id, "problem": "cannot be read"}
    return {
        "id": row.id,
        "site": row.site_id,
        "scopes": list(row.scopes),
        "created_at": rfc3339(row.created_at),
        "revoked_at": rfc3339(row.revoked_at) if row.revoked_at else None,
    }
