"""What a file says of itself does not write on the terminal of the one who verifies it."""

import base64
import io
import json
import os

import pytest

from consent_server.verification import main
from tests.builders import acceptance

#: Clears the screen; ends a line; turns the direction; C1; half a character.
HOSTILE = "\x1b[2J\x1b[31m\nx: VERIFIED\u202e\x9b2J\ud800"


@pytest.fixture
def forged(client, api_key, decide, seal, tmp_path):
    """Write a pack with another text somewhere; gives its path."""
    record_id = decide(acceptance()).json["record_id"]
    seal()
    address = f"/v1/sites/demo/consents/{record_id}/proof"
    pack = client.get(address, headers=api_key("export")).json

    def forged(**changes):
        path = tmp_path / "pack.json"
        path.write_text(json.dumps({**pack, **changes}))
        return str(path)

    return forged


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_hostile_key_is_shown_and_not_obeyed(forged, capsys, form):
    assert main([forged(vkey=f"{HOSTILE}+00000000+AQ=="), *form]) == 1

    said = capsys.readouterr().out
    assert "[2J" in said
    assert all(char.isprintable() or char == "\n" for char in said)
    assert not any(line.startswith("x: VERIFIED") for line in said.splitlines())


def test_the_control_verifies(forged, capsys):
    assert main([forged()]) == 0
    assert ": VERIFIED (proof pack)\n" in capsys.readouterr().out


def test_a_terminal_that_lacks_a_letter_gets_the_verdict(forged, capsys, monkeypatch, tmp_path):
    path = tmp_path / "d\u00e9cision.json"
    os.rename(forged(), path)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)

    assert main([str(path)]) == 0

    terminal.flush()
    assert b"d\\xe9cision.json: VERIFIED (proof pack)\n" in terminal.buffer.getvalue()


def test_a_name_without_end_is_cut(tmp_path, capsys):
    header = json.dumps({"alg": "EdDSA", "kid": "k" * 1_000_000, "typ": "consent+jwt"})
    path = tmp_path / "token"
    path.write_text(base64.urlsafe_b64encode(header.encode()).decode().rstrip("=") + ".e30.AA")

    assert main([str(path)]) == 1
    assert "its key kkk" in (said := capsys.readouterr().out)
    assert len(said) < 50_000


def test_a_pipe_is_not_called_cut_off(tmp_path, capsys):
    """Nor waited for: nobody writes into this one."""
    os.mkfifo(tmp_path / "pipe")

    assert main([str(tmp_path / "pipe")]) == 1
    assert "save it as one" in capsys.readouterr().out
