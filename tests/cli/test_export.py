"""``export`` and ``verify`` as commands: files that survive a crash, exit codes for CI."""

import errno
import json
import os

import pytest

from consent_server.exports import resuming
from consent_server.exports.service import Export
from tests.builders import acceptance, refusal
from tests.exports.paging import records_a_page


@pytest.fixture
def history(decide, seal):
    """A dozen records in the log."""
    for _ in range(11):
        decide(refusal())
    decide(acceptance())
    seal()


@pytest.fixture
def crash(run, monkeypatch):
    """Let an export die after so many pieces."""
    pieces = Export.pieces

    def crash(after, *words):
        def some(export):
            for at, piece in enumerate(pieces(export)):
                if at == after:
                    raise KeyboardInterrupt
                yield piece

        records_a_page(monkeypatch, 2)
        monkeypatch.setattr(resuming, "NOTED", 1)
        with monkeypatch.context() as patched:
            patched.setattr(Export, "pieces", some)
            assert run(*words).exit_code != 0

    return crash


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", ["csv", "jsonl", "jsonld"])
@pytest.mark.parametrize("after", [1, 3, 6, 8])
def test_an_export_goes_on_after_a_crash_to_the_same_bytes(
    run, history, decide, seal, crash, tmp_path, form, after
):
    words = ["export", "demo", "--format", form, "--level", "subjects", "-o"]
    whole, path = tmp_path / "whole", tmp_path / "file"
    assert run(*words, whole).exit_code == 0
    crash(after, *words, path)
    with (tmp_path / "file.part").open("ab") as file:
        file.write(b"torn")
    decide(refusal())
    seal()

    resumed = run(*words, path, "--resume", *(["--checkpoint", 14] if after < 2 else []))

    assert resumed.exit_code == 0, resumed.output
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(found.name for found in tmp_path.glob("file*")) == ["file"]
    assert run("verify", path).exit_code == 0


def test_what_was_changed_since_or_is_another_export_is_not_gone_on_with(
    run, history, crash, tmp_path
):
    path, part = tmp_path / "file", tmp_path / "file.part"
    crash(4, "export", "demo", "--format", "csv", "-o", path)
    good = part.read_bytes()
    other = run("export", "demo", "--format", "csv", "--level", "subjects", "-o", path, "--resume")
    part.write_bytes(good.replace(b"refused", b"refuseD", 1))
    changed = run("export", "demo", "--format", "csv", "-o", path, "--resume")
    anew = run("export", "demo", "--format", "csv", "-o", path)

    assert (other.exit_code, changed.exit_code, anew.exit_code) == (1, 1, 0)
    assert "part_differs" in other.output and "part_differs" in changed.output


def test_a_finished_file_is_overwritten_only_by_force(run, history, tmp_path):
    path = tmp_path / "file"
    first = run("export", "demo", "--format", "csv", "-o", path)
    before = path.read_bytes()
    second = run("export", "demo", "--format", "jsonl", "-o", path)
    kept = path.read_bytes()
    forced = run("export", "demo", "--format", "jsonl", "-o", path, "--force")

    assert (first.exit_code, second.exit_code, forced.exit_code) == (0, 2, 0)
    assert before == kept != path.read_bytes()


def test_verify_says_what_was_proved_and_ends_with_0_1_or_2(run, history, tmp_path):
    path = tmp_path / "file"
    run("export", "demo", "--format", "jsonl", "-o", path)

    good = run("verify", path)
    as_json = run("verify", path, "--json")
    before = path.read_bytes()
    # batches are sealed in random order: the refusal may stand on any line
    line = before[: before.index(b'"refused"')].count(b"\n") + 1
    path.write_bytes(before.replace(b'"refused"', b'"renewed"', 1))
    bad = run("verify", path)
    usage = [run("verify"), run("verify", tmp_path / "none"), run("verify", path, "--key")]
    unusable = run("verify", path, "--checkpoint", path)

    assert good.exit_code == 0
    assert "VERIFIED (export (jsonl))" in good.output and "all 14 entries" in good.output
    assert json.loads(as_json.stdout)["files"][0]["verified"] is True
    assert bad.exit_code == 1
    assert "NOT VERIFIED" in bad.output and f"line {line}, record" in bad.output
    assert [result.exit_code for result in [*usage, unusable]] == [2, 2, 2, 2]


def test_the_verifier_runs_alone_as_a_copied_file(run, history, tmp_path):
    import shutil
    import subprocess
    import sys

    from consent_server import verification

    path, copy = tmp_path / "file", tmp_path / "alone" / "verification.py"
    copy.parent.mkdir()
    shutil.copy(verification.__file__, copy)
    run("export", "demo", "--format", "csv", "-o", path)
    # as it is where nothing but cryptography is installed
    code = (
        "import runpy, sys; sys.modules['orjson'] = None; "
        "runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    )
    alone = [sys.executable, "-I", "-c", code, str(copy), str(path)]

    good = subprocess.run(alone, capture_output=True, text=True, cwd=copy.parent, check=False)
    path.write_bytes(path.read_bytes()[:-100])
    bad = subprocess.run(alone, capture_output=True, text=True, cwd=copy.parent, check=False)
    usage = subprocess.run(alone[:5], capture_output=True, text=True, cwd=copy.parent, check=False)

    assert (good.returncode, bad.returncode, usage.returncode) == (0, 1, 2), bad.stdout
    source = copy.read_text(encoding="utf-8")
    assert "consent_server" not in source.replace('"""', "")


def test_a_full_disk_is_said_in_a_line(run, history, tmp_path, monkeypatch):
    """The system names no file of what is open already."""

    def write(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield

    monkeypatch.setattr(resuming.PartFile, "write", write)
    result = run("export", "demo", "-o", tmp_path / "file.csv")

    assert (result.exit_code, result.stderr) == (1, "Error: No space left on device\n")


@pytest.mark.parametrize(
    "asked, said",
    [
        (["--from", "2026-11-24", "--to", "2026-11-23"], "--to must be later than --from"),
        (["--from", "2026-11-23", "--to", "2026-11-23"], "--to must be later than --from"),
        (["--bundle", "demo"], "Must be 43 characters of base64url without padding."),
    ],
)
def test_what_no_record_can_fit_is_a_usage_error_and_makes_no_file(
    run, history, tmp_path, asked, said
):
    result = run("export", "demo", *asked, "-o", tmp_path / "file")

    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(tmp_path.glob("file*"))
