"""The bench of large logs runs, and what it says is of the logs that it filled."""

import json
import subprocess
import sys

import pytest

from bench.million.table import as_markdown
from tests.server import ROOT

COMMANDS = {
    "idle",
    *(f"{what}, jsonl" for what in ("export", "verify")),
    "verify, jsonl, one process",
    "audit",
    "look for lapses, none due",
    "purge --dry-run, all due",
}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_log_is_measured_beside_a_smaller_one(engine, tmp_path):
    report = tmp_path / "million.json"
    small = ["--records", "1200", "--small", "400", "--rounds", "1", "--requests", "20"]
    small += ["--seconds", "2", "--format", "jsonl", "--engine", engine, "--json", str(report)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.million", *small],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    assert found.keys() == {engine}
    figures = found[engine]
    assert [log["records"] for log in figures["logs"]] == [400, 1200]
    for log in figures["logs"]:
        assert log["commands"].keys() == COMMANDS
        assert log["commands"]["purge --dry-run, all due"]["records"] >= log["records"]
        assert log["commands"]["export, jsonl"]["bytes"] > 500 * log["records"]
        assert 0 < log["proofs"]["tiles"] < 12
        assert log["routes"]["check"]["answers"] == {"200": 20}
        assert log["streamed"]["bytes"] > 500 * log["records"]
    for line in as_markdown(engine, figures):
        assert line in done.stdout
    for log in figures["logs"]:
        del log["commands"], log["streamed"]
    alone = list(as_markdown(engine, figures))  # --requests-alone
    assert any(line.startswith("| check, CPU") for line in alone)
    assert not any("export" in line for line in alone)
