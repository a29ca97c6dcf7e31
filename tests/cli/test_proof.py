"""``proof``: the same bytes as by HTTP, in a file."""

import os
import stat

import pytest

from consent_server import disk
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


@pytest.fixture
def proven(decide, seal):
    """The id of a record that can be proved."""
    record_id = decide(a_decision()).json["record_id"]
    seal()
    return record_id


def test_a_proof_that_is_there_is_written_over_on_demand_alone(run, run_json, proven, tmp_path):
    file = tmp_path / "proof"
    file.write_bytes(b"mine")
    file.chmod(0o644)

    refused = run("proof", "demo", proven, "-o", file)

    assert refused.exit_code == 2
    assert f"{file} exists; --force overwrites it" in refused.stderr
    assert file.read_bytes() == b"mine"
    assert "proof" not in {line["what"] for line in run_json("trail", "demo")}

    assert run("proof", "demo", proven, "-o", file, "--force").exit_code == 0
    assert file.read_bytes().startswith(b"{")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_proof_that_cannot_be_written_whole_leaves_what_was_there(
    run, proven, tmp_path, monkeypatch
):
    file = tmp_path / "proof"
    file.write_bytes(b"mine")

    sync = os.fsync

    def fail(handle):
        if os.fstat(handle).st_ino in {path.stat().st_ino for path in tmp_path.glob("proof*")}:
            raise OSError(28, "No space left on device")
        sync(handle)

    monkeypatch.setattr(disk.os, "fsync", fail)
    result = run("proof", "demo", proven, "-o", file, "--force")

    assert result.exit_code == 1
    assert file.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.glob("proof*")] == ["proof"]


@pytest.mark.parametrize("words", [[], ["-o", "-"]])
def test_a_proof_goes_to_standard_output(run, proven, words):
    result = run("proof", "demo", proven, *words)

    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"{")


@pytest.mark.parametrize("command", ["proof", "export"])
def test_what_is_no_file_is_never_replaced_by_one(run, proven, tmp_path, command):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    words = [proven] if command == "proof" else []

    result = run(command, "demo", *words, "-o", pipe, "--force")

    assert result.exit_code == 2
    assert "is no regular file" in result.stderr
    assert pipe.is_fifo()


@pytest.mark.parametrize("command", ["proof", "export"])
@pytest.mark.parametrize("target", ["mine", "none"])
def test_nor_is_a_link(run, proven, tmp_path, command, target):
    """As /dev/stdout is one, to whatever file a shell has there."""
    (tmp_path / "mine").write_bytes(b"mine")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    words = [proven] if command == "proof" else []

    result = run(command, "demo", *words, "-o", link, "--force")

    assert result.exit_code == 2
    assert f"{link} is a link; name what it leads to" in result.stderr
    assert link.is_symlink()
    assert (tmp_path / "mine").read_bytes() == b"mine"
