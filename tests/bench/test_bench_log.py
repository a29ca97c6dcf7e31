"""The bench of the log runs, and what it measures verifies. How fast is no question for a test."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURED = {
    "sealing, leaves",
    *(f"{what}, {form}" for what in ("export", "verify") for form in ("jsonl", "csv", "jsonld")),
}


def test_a_small_log_is_measured_and_shown(tmp_path):
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "bench.log", "--records", "300", "--rounds", "1"]

    done = subprocess.run(
        [*command, "--json", str(report)], cwd=ROOT, capture_output=True, text=True, timeout=180
    )

    assert done.returncode == 0, done.stderr
    figures = {one["what"]: one for one in json.loads(report.read_text())["figures"]}
    assert figures.keys() > MEASURED
    assert any(name.startswith("proofs (") for name in figures)
    for name in figures:
        assert name in done.stdout
        assert figures[name]["per_second"] > 0
    assert figures["export, jsonl"]["limit_per_second"] > 0
