"""Which commands leave a line in the trail: each has its entry here, or the test fails."""

import click
import pytest

from consent_server import cli
from tests.builders import VISITOR, acceptance

#: What each command writes; None for those that touch nothing of a visitor and change nothing that
#: lasts.
LINES = {
    "audit": None,  # looks at a site from outside, with a browser
    "backup": "backup",
    "check-config": None,
    "db compact": None,
    "db roles": None,
    "db status": None,
    "db upgrade": None,
    "export": "export",
    "key create": "key-create",
    "key list": None,
    "key revoke": "key-revoke",
    "keys list": None,
    "keys revoke": "keys-revoke",
    "keys rotate": "keys-rotate",
    "lapse": None,  # by the clock: an entry of its own for each
    "log audit": "audit",
    "log checkpoint": None,
    "log keys": None,
    "log recover": "log-recover",
    "log retire-key": "log-key-retire",
    "log rotate-key": "log-key-rotate",
    "log seal": None,
    "log witness": None,
    "openapi": None,
    "parquet": None,  # a copy of a file that has its line
    "proof": "proof",
    "purge": "purge",
    "restore": "restore",
    "rights correct": "correct",
    "rights erase": "erase",
    "rights replay": None,  # repeats erasures that have their lines and tombstones
    "rights restricted": "restricted",
    "rights restricted-key": None,  # of no site, and not of the service
    "rights show": "show",
    "schema": None,
    "selfcheck": None,
    "serve": None,
    "site archive": "archive",
    "site list": None,
    "site plan": None,
    "site publish": "publish",
    "site show": None,
    "token inspect": None,
    "trail": "trail",
    "verify": None,
    "witness init": None,
    "witness serve": None,
}


def commands(group, path=()):
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_every_command_is_decided_on():
    found = dict(commands(cli.main))
    with_why = {
        name
        for name, command in found.items()
        if any(parameter.name == "why" for parameter in command.params)
    }

    assert found.keys() == LINES.keys()
    assert with_why == {name for name, what in LINES.items() if what is not None}


@pytest.fixture
def record_id(run, decide):
    """Of a grant that is in the log of a site."""
    found = decide(acceptance()).json["record_id"]
    run("log", "seal", "demo")
    return found


def test_every_deed_leaves_its_line(run, run_json, document, record_id, clock, tmp_path):
    why = ["--why", "ticket 7"]
    run("site", "publish", document(name="Another name"), *why)
    secret = run("key", "create", "demo", "--scope", "check", *why).stdout
    key_id = secret.split("_")[2]
    run("keys", "rotate", *why)
    run("log", "seal")
    run("export", "demo", "-o", tmp_path / "export", *why)
    run("proof", "demo", record_id, "-o", tmp_path / "proof", *why)
    run("rights", "show", "demo", "--consent-id", VISITOR, *why)
    run("log", "audit", "demo", *why)
    run("backup", tmp_path / "backup", *why)
    run("rights", "erase", "demo", "--consent-id", VISITOR, *why)
    run("key", "revoke", key_id, *why)
    run("site", "archive", "demo", *why)
    lines = run_json("trail", "demo", *why)

    whats = [
        *("publish", "key-create", "keys-rotate", "export", "proof", "show", "audit", "backup"),
        *("erase", "key-revoke", "archive", "trail"),
    ]
    assert [line["what"] for line in lines] == whats
    assert {line["why"] for line in lines} == {"ticket 7"}
    assert all(line["who"].startswith("os:") for line in lines)
    facts = {line["what"]: line["facts"] for line in lines}
    [entry] = facts["proof"]["entries"]
    assert facts["show"] == {"records": 1, "entries": [entry]}
    assert facts["erase"] == {"records": 1, "entries": [entry], "reason": "art17"}
    assert facts["key-revoke"] == {"key": key_id} and key_id == facts["key-create"]["key"]
    assert not any(
        secret_word in str(lines) for secret_word in (record_id, VISITOR, secret.strip())
    )
    assert run("log", "audit", "demo").exit_code == 0


def test_a_line_says_several_values_in_words(run, record_id):
    run("key", "create", "demo", "--scope", "check", "--scope", "export")
    run("rights", "show", "demo", "--consent-id", VISITOR)

    printed = run("trail", "demo").stdout

    assert "scopes=check,export" in printed
    assert "entries=" in printed and "[" not in printed


def test_a_line_is_written_in_no_words_of_python(run, site, client, api_key):
    client.get("/v1/sites/demo/consents?event=given", headers=api_key("export"))

    printed = run("trail", "demo").stdout

    assert 'filter={"event":"given"}' in printed
    assert "is_first=true" in printed


def test_a_purge_leaves_its_line_where_it_erased(run, run_json, record_id, clock):
    clock.advance(days=800)
    run("purge", "--dry-run")
    run("purge", "--why", "by hand")
    run("purge")

    [line, _] = run_json("trail", "demo")
    assert (line["what"], line["why"], *line["facts"]) == ("purge", "by hand", "kept_since")


@pytest.mark.parametrize("why", ["", "two\nlines", "x" * 201])
def test_a_reason_that_cannot_be_kept_is_a_usage_error(run, site, why):
    refused = run("trail", "demo", "--why", why)

    assert refused.exit_code == 2
    assert "--why" in refused.output


def test_no_variable_says_who_it_was(run, run_json, site, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "director")

    [line] = run_json("trail", "demo")
    assert line["who"] != "os:director"


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ("consent_server.erasing.removal.queue_tombstones", []),
        ("consent_server.cli.database.Rest", ["purge"]),
    ],
    ids=["within its first transaction", "after it"],
)
def test_a_purge_that_is_stopped_has_left_its_line(
    run, record_id, clock, rows, monkeypatch, where, lines
):
    """Line and erasure are there, or neither."""

    def stop(*_):
        raise KeyboardInterrupt

    clock.advance(days=800)
    monkeypatch.setattr(where, stop if lines == [] else lambda: stop)
    run("purge")

    assert [row["what"] for row in rows("trail_lines")] == lines
    assert len(rows("consent_records")) == 1 - len(lines)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_publication_that_is_stopped_has_left_its_line(
    run, document, rows, monkeypatch, is_first
):
    """Both are there, or neither: killed before the log is signed, and before the commit."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    if not is_first:
        run("site", "publish", document())
    with monkeypatch.context() as patched:
        patched.setattr("consent_server.sealing.publishing.seal", stop)
        run("site", "publish", document(name="Stopped before it was sealed"))
    with monkeypatch.context() as patched:
        patched.setattr("consent_server.cli.deeds.add_line", stop)
        run("site", "publish", document(name="Stopped before its line"))

    published = [row["bundle_hash"] for row in rows("publications", "revision")]
    lines = rows("trail_lines", "number")
    assert [row["what"] for row in lines] == ["publish"] * len(published)
    assert all(hash_ in str(row["facts"]) for row, hash_ in zip(lines, published, strict=True))
    assert len(published) == (1 if is_first else 2)


def test_what_brings_a_waiting_publication_into_force_leaves_a_line(
    run, run_json, document, monkeypatch
):
    file = document(name="It waits")

    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("consent_server.sealing.publishing.seal", stop)
        run("site", "publish", file, "--why", "one")
    run("site", "publish", file, "--why", "two")
    run("site", "publish", file, "--why", "nothing to do")

    whys = [line.get("why") for line in run_json("trail", "demo")]
    assert whys[:2] == ["one", "two"]
    assert "nothing to do" not in whys
