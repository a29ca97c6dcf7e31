"""What is no file of its kind, or no id, is named, with what was expected."""

import gzip
import json

import pytest

from consent_server import verification
from tests.builders import acceptance

#: What is in a file → why it is none of those that are given beside the one that is verified.
CONTENTS = {
    "nothing": b"",
    "bytes": b"\xff\xfe",
    "a list": b"[]",
    "a number for keys": b'{"keys": 7}',
    "a key without x": b'{"keys": [{"kid": "a", "crv": "Ed25519"}]}',
    "text": b"hello\n",
}


@pytest.fixture
def exported(run, site, seal, tmp_path):
    """An export, and its log's key."""
    path = tmp_path / "demo.jsonl"
    assert run("export", "demo", "--format", "jsonl", "-o", path).exit_code == 0
    return path, json.loads(path.read_bytes().splitlines()[-1])["manifest"]["vkey"]


@pytest.fixture
def written(tmp_path):
    """Write a file; gives its path."""

    def written(data, name="other"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return written


@pytest.mark.parametrize("what", CONTENTS)
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--jwks", "the JWKS file (/.well-known/jwks.json)"),
        ("--handover", "the note by which the key before it hands over"),
        ("--policy", "the trust policy"),
        ("--checkpoint", "the checkpoint that was kept"),
    ],
)
def test_a_file_to_verify_with(run, exported, written, capsys, option, expected, what):
    path, key = exported
    other = written(CONTENTS[what])
    words = [str(word) for word in ("--key", key, option, other, path)]

    result = run("verify", *words)
    with pytest.raises(SystemExit) as alone:
        verification.main(words)

    assert result.exit_code == alone.value.code == 2
    said = f"{other}, {expected}: "
    assert said in result.stderr and said in capsys.readouterr().err
    assert "Traceback" not in result.output


def test_the_export_itself_is_no_jwks_file(run, exported):
    path, _ = exported

    result = run("verify", "--jwks", path, path)

    assert (result.exit_code, f"{path}, the JWKS file" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"\n", "is empty"),
        (gzip.compress, "is packed: unpack it, and verify what is in it"),
    ],
    ids=["empty", "blank", "gzip"],
)
def test_a_file_to_verify(run, exported, written, pack, said):
    path, _ = exported
    other = written(pack(path.read_bytes()))

    result = run("verify", other)

    assert result.exit_code == 1
    assert f"{other}: NOT VERIFIED" in result.stdout
    assert result.stdout.splitlines()[-1].endswith(said)


def test_a_folder_to_verify(run, tmp_path, capsys):
    result, alone = run("verify", tmp_path), verification.main([str(tmp_path)])

    assert (result.exit_code, alone) == (2, 1)
    assert f"'{tmp_path}' is a directory" in result.stderr
    assert "is a directory" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["publish", "plan"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"site: demo\n\tname: x\n", "line 2, column 1: is no YAML: found character '\\t' that"),
        (b"site: [\n", "line 2, column 1: is no YAML: "),
        (b"a: &x 1\n", "line 1, column 4: anchors (&)"),
        (b'{"a": }', "begins with { and so must be JSON; line 1, column 7"),
        (b"", "must be an object of keys and values"),
        (b"\x1f\x8b", "is not UTF-8 text"),
        (b"site: demo\n", "controller: "),
    ],
)
def test_a_document_of_a_site(run, written, command, text, said):
    path = written(text, "bad.yaml")

    result = run("site", command, path)

    assert result.exit_code == 1
    first, *others = result.stderr.splitlines()
    assert first == f"document_invalid: {path} is no site document (docs/site-document.md):"
    assert any(line.lstrip().removeprefix("document: ").startswith(said) for line in others)
    assert all(line.startswith("  ") for line in others)
    assert b"\t" not in text or "indent by spaces" in result.stderr


def test_a_correction_of_what_is_not_there(run, decide):
    record_id = decide(acceptance()).json["record_id"]

    def said(record_id, *words):
        result = run("rights", "correct", "demo", "--record", record_id, *words)
        assert result.exit_code == 1
        return result.stderr.splitlines()[-1]

    unknown = "X" * 22
    assert said(unknown, "--refuse", "marketing") == (
        f"record_unknown: no record of this site has the id {unknown}"
    )
    assert said(record_id, "--refuse", "nosuch") == (
        "category_unknown: the bundle does not ask for nosuch; "
        "it asks for analytics, functional, marketing"
    )
    assert said(record_id, "--language", "tlh") == (
        "language_unknown: the bundle has no texts in tlh; it has them in en, fr"
    )
