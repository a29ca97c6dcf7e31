"""The recipe of docs/exports.md does what it says, on a file of the service."""

import json
import re
import subprocess
import sys
from pathlib import Path

from consent_server.consents.correcting import Correction
from consent_server.rights import service
from tests.builders import a_decision

DOCUMENT = Path(__file__).parents[2] / "docs" / "exports.md"


def _found_by_hand(path):
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[1]
    command = [sys.executable, "-I", "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_forty_lines_of_the_documentation_find_the_root(sealed, export_to):
    path = export_to("jsonl", event="changed")

    root, origin, size, signed, *_ = _found_by_hand(path)

    assert root == signed
    assert (origin, size) == ("consent.example/log/demo", "26")
    path.write_bytes(path.read_bytes().replace(b'"gpc":false', b'"gpc":true', 1))
    assert _found_by_hand(path)[0] != signed


def test_they_find_it_too_where_the_controller_corrected_a_record(
    app, decide, seal, clock, export_to
):
    wrong = decide(a_decision()).json["record_id"]
    with app.app_context():
        service.correct("demo", wrong, Correction(language="en"), clock.instant)
    seal()

    root, _, _, signed, *_ = _found_by_hand(export_to("jsonl"))

    assert root == signed


def test_the_members_of_the_manifest_are_those_of_the_documentation(sealed, export_to):
    text = DOCUMENT.read_text(encoding="utf-8")
    said = text.partition("The manifest holds, in this order:")[2].partition("Beside it")[0]
    manifest = json.loads(export_to("jsonl").read_bytes().splitlines()[-1])["manifest"]

    names = [name for name in re.findall(r"`(\w+)`", said) if name in manifest]

    assert names == list(manifest)
