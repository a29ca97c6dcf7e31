"""What a month of records takes is arithmetic; what one costs is measured."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.scale.model import SECONDS_OF_A_MONTH, Cost, Load, needed

ROOT = Path(__file__).parents[2]
COST = Cost(
    bytes_per_record=1_000,
    record_us=2_000,
    record_database_us=500,
    check_us=1_000,
    check_database_us=100,
    leaves_per_second=10_000,
)


def test_one_decision_a_second_takes_what_one_decision_costs():
    load = Load(SECONDS_OF_A_MONTH, checks_per_record=3, peak=2, months=10, lapsed=1)

    need = needed(load, COST)

    assert (need.average_per_second, need.peak_per_second) == (1, 2)
    # Two decisions and six checks in the busiest second.
    assert need.service_cores == pytest.approx(2 * 0.002 + 6 * 0.001)
    assert need.database_cores == pytest.approx(2 * 0.0005 + 6 * 0.0001)
    # The end of each is a record too, and is sealed.
    assert need.sealing_cores == pytest.approx(2 / 10_000)
    assert need.records == pytest.approx(SECONDS_OF_A_MONTH * 2 * 10)
    assert need.gigabytes == pytest.approx(need.records / 1e6)


def test_twice_as_much_takes_twice_as_much():
    load = Load(1e6)

    once, twice = needed(load, COST), needed(replace(load, records_per_month=2e6), COST)

    for name, value in once.__dict__.items():
        assert getattr(twice, name) == pytest.approx(2 * value)


def test_a_record_is_measured_on_both_databases(tmp_path):
    report = tmp_path / "scale.json"
    small = ["--records", "600", "--rounds", "1", "--requests", "20"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.scale", *small, "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())["databases"]
    assert found.keys() == {"sqlite", "postgresql"}
    for engine in found.values():
        assert 500 < engine["cost"]["bytes_per_record"] < 20_000
        assert engine["cost"]["leaves_per_second"] > 0
    assert "consent_records" in found["postgresql"]["tables"]
    assert done.stdout.count("| 10,000,000,000 |") == 2
