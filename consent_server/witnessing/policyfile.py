"""The trust policy of this installation: whom to ask, and how many have to have seen a log."""

from pathlib import Path
from urllib.parse import urlsplit

from consent_server.addresses import is_loopback
from consent_server.ledger.policy import NOBODY, Policy, PolicyInvalid


def read_policy(path: Path | None) -> Policy:
    """Return the policy of a file, or the one that asks for nobody.

    :raises PolicyInvalid: cannot be read, is no policy, or names an address that is not https
    """
    if path is None:
        return NOBODY
    try:
        policy = Policy.parse(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError) as problem:
        raise PolicyInvalid(f"{path}: cannot be read: {type(problem).__name__}") from None
    for witness in policy.witnesses:
        if witness.url is not None and not _is_safe(witness.url):
            raise PolicyInvalid(f"the address of {witness.name} must be https://HOST/PATH")
    return policy


def _is_safe(url: str) -> bool:
    """Whether nobody between here and there can answer instead; on this machine nobody is."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_whole = bool(host) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or parts.username)
    is_secret = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return is_whole and is_plain and is_secret
