"""``proof``: the same bytes as by HTTP, in a file."""

import pytest

from tests.builders import a_decision


@pytest.mark.parametrize("form", ["pack", "html", "tlog-proof"])
def test_a_proof_is_written_to_a_file(run, decide, seal, client, api_key, tmp_path, form):
    recorded = decide(a_decision()).json["record_id"]
    seal()
    file = tmp_path / "proof"

    result = run("proof", "demo", recorded, "--format", form, "-o", file)

    assert result.exit_code == 0, result.output
    path = f"/v1/sites/demo/consents/{recorded}/proof?format={form}"
    assert file.read_bytes() == client.get(path, headers=api_key("export")).data


def test_what_cannot_be_proved_yet_writes_nothing_and_says_why(run, decide, tmp_path):
    recorded = decide(a_decision()).json["record_id"]
    file = tmp_path / "proof"

    waiting = run("proof", "demo", recorded, "-o", file)
    unknown = run("proof", "demo", "A" * 22, "-o", file)

    assert (waiting.exit_code, unknown.exit_code) == (1, 1)
    assert "not_sealed" in waiting.stderr
    assert "record_unknown" in unknown.stderr
    assert not file.exists()
