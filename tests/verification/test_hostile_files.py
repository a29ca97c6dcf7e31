"""What a file says of itself does not write on the terminal of the one who verifies it."""

import json

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
