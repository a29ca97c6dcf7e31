"""``token``: look into consent tokens."""

import click

from consent_server.cli import Group
from consent_server.cli.environment import application, instant, print_json
from consent_server.tokens.consent_token import inspect, verify
from consent_server.tokens.refusals import TokenRefused


@click.group(cls=Group)
def token() -> None:
    """Consent tokens."""


@token.command("inspect")
@click.argument("text", metavar="TOKEN")
@click.option("--json", "_as_json", is_flag=True, help="As without it: the answer is JSON.")
def inspect_(text: str, _as_json: bool) -> None:
    """Decode TOKEN and say whether this service signed it; always as JSON.

    Ends with 1 when the token is not accepted. Whether it was withdrawn since, only the check API
    knows.
    """
    try:
        decoded = inspect(text)
    except TokenRefused as refused:
        print_json({"verified": False, "notice": str(refused), "reason": refused.reason})
        raise SystemExit(1) from None
    with application(with_schema=False) as app:
        audience = decoded["payload"].get("aud") if isinstance(decoded["payload"], dict) else None
        try:
            verify(text, app.extensions["consent_keys"], str(audience), instant())
            decoded.update(verified=True, notice="signature, key and times are good")
        except TokenRefused as refused:
            decoded.update(verified=False, notice=str(refused), reason=refused.reason)
    print_json(decoded)
    raise SystemExit(0 if decoded["verified"] else 1)
