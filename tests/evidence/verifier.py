"""Verifies a proof pack from what is published of its format: no code of the service."""

import base64
import hashlib
import hmac
import json

import rfc8785

from tests.log.verifier import included

LAYERS = {"banner": "first", "preferences": "second", "placeholder": "page", "api": "api"}


def digest(text):
    """SHA-256 of a text, base64url without padding."""
    return encode(hashlib.sha256(text.encode()).digest())


def encode(data):
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    """The bytes of a base64url text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def problems(pack, vkey):
    """Name each part of a pack that is not what another part says it is."""
    found = []
    record = pack["record"]
    if digest(pack["bundle"]) != record["bundle"]:
        found.append("bundle")
    if digest(pack["build"]) != record["build"]:
        found.append("build")
    bundle = json.loads(pack["bundle"])
    if pack["texts"] != bundle["texts"][record["language"]]:
        found.append("texts")
    try:
        index, entry = included(pack["proof"], vkey)
    except Exception:  # noqa: BLE001 (whatever is wrong with it)
        return [*found, "proof"]
    if index != pack["log_index"] or not pack["proof"].endswith(pack["checkpoint"]):
        found.append("proof")
    if pack["vkey"] != vkey.strip():
        found.append("vkey")
    stated = json.loads(entry)
    return found + [
        name
        for name, label, key, part in (
            ("decision", "decision", pack["decision_key"], decision_part(record, bundle)),
            ("subject", "subject", pack["subject_key"], subject_part(record)),
        )
        if encode(commitment(label, decode(key), part)) != stated[label[0]]
    ]


def commitment(label, key, part):
    """HMAC-SHA-256 of one part of a record."""
    message = f"consent-log/v1/{label}\n".encode() + rfc8785.dumps(part)
    return hmac.digest(key, message, "sha256")


def decision_part(record, bundle):
    """The decision part, as docs/log.md has it; what an export leaves out of a choice is added."""
    part = {
        "v": 1,
        "rec": record["record_id"],
        "prev": record["previous"],
        "corrects": record.get("corrects"),
        "site": record["site"],
        "scope": "site",
        "evt": record["event"],
        "at": record["recorded_at"],
        "exp": record["expires_at"],
        "dur": bundle["reprompt_after"],
        "choices": granted(record["categories"]),
        "terms": terms(record["categories"], bundle),
        "cfg": record["bundle"],
        "revision": record["revision"],
        "ui": record["build"],
        "lang": record["language"],
        "pol": record["policy_version"],
        "regime": record["profile"],
        "action": record["action"],
        "method": record["method"],
        "trusted": record["trusted"],
        "gpc": record["gpc"],
        "superseded": record["superseded"],
        "who": "system" if record["event"] == "expired" else "self",
        "uistate": "ok",
    }
    if record["services"]:
        part["vchoices"] = granted(record["services"])
        part["vterms"] = terms(record["services"], bundle)
    if record["method"] in LAYERS:
        part["layer"] = LAYERS[record["method"]]
    return part


def granted(choices):
    """Id → true or false."""
    return {id_: choice["granted"] for id_, choice in choices.items()}


def terms(choices, bundle):
    """Id → times, revision, end; of a first decision, where the export does not say so."""
    return {
        id_: {
            "decided_at": choice["decided_at"],
            "expires_at": choice["expires_at"],
            "revision": choice.get("revision", bundle["revision"]),
            "ended": choice.get("ended"),
        }
        for id_, choice in choices.items()
    }


def subject_part(record):
    """The subject part; the counters of a first decision, where the export does not say them."""
    if record["subject"] is None:
        return {}
    counters = {id_: one.get("n", record["n"]) for id_, one in record["categories"].items()}
    return {
        "sub": record["subject"],
        "n": record["n"],
        "choices": {id_: n for id_, n in counters.items() if n is not None},
    }
