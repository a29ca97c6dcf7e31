"""The alert rules that operators are given: read, and tried, by Prometheus' own tool."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from consent_server.metrics.catalogue import ALL
from consent_server.metrics.kinds import Histogram
from tests.machine import promtool

RULES = Path(__file__).parents[2] / "deploy/prometheus/alerts.yml"
ALERTS = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
SECONDS = (
    'consent_request_seconds_bucket{route="/v1/sites/<site_id>/consents",le="%s",instance="a"}'
)
#: Samples of a healthy, busy service, one a minute.
HEALTHY = {
    'up{job="consent",instance="a"}': "1x120",
    'consent_database_up{instance="a"}': "1x120",
    'consent_database_writable{instance="a"}': "1x120",
    'consent_log_alarms{instance="a"}': "0x120",
    'consent_log_witness_refusals{reason="witness_silent",instance="a"}': "1x120",
    'consent_log_unwitnessed_seconds{instance="a"}': "0+60x120",
    'consent_log_lag_seconds{instance="a"}': "20x120",
    'consent_replica_exports_total{outcome="read",instance="a"}': "0+1x120",
    'consent_replica_exports_total{outcome="behind",instance="a"}': "2x120",
    'consent_log_checkpoint_age_seconds{instance="a"}': "30x120",
    'consent_decisions_total{event="given",result="recorded",instance="a"}': "0+60x120",
    'consent_requests_total{status="2xx",instance="a"}': "0+600x120",
    'consent_requests_total{status="5xx",instance="a"}': "0+1x120",
    SECONDS % "0.01": "0+600x120",
    SECONDS % "5.0": "0+600x120",
    SECONDS % "+Inf": "0+600x120",
    'consent_database_pool_timeouts_total{instance="a"}': "3x120",
    'consent_rates_hit_total{kind="grant",instance="a"}': "0+5x120",
    'consent_rates_hit_total{kind="denial",instance="a"}': "2x120",
    'consent_work_failed_total{work="housekeeping",instance="a"}': "1x120",
    'consent_work_age_seconds{work="sealing",instance="a"}': "60x120",
    'consent_disk_free_bytes{instance="a"}': "5000000000x120",
    'consent_backup_age_seconds{instance="a"}': "80000+60x120",
    'consent_backup_age_seconds{instance="moved"}': "900000+60x120",
}
#: What is otherwise, and the one alert that this raises. "_" is no sample.
SICK = {
    "ConsentServiceDown": {'up{job="consent",instance="a"}': "0x120"},
    "ConsentDatabaseDown": {'consent_database_up{instance="a"}': "0x120"},
    "ConsentDatabaseReadOnly": {'consent_database_writable{instance="a"}': "0x120"},
    "ConsentLogAlarm": {'consent_log_alarms{instance="a"}': "1x120"},
    "ConsentWitnessDiffers": {
        'consent_log_witness_refusals{reason="witness_differs",instance="a"}': "1x120"
    },
    "ConsentUnwitnessed": {'consent_log_unwitnessed_seconds{instance="a"}': "86401+60x120"},
    "ConsentReplicaNotRead": {
        'consent_replica_exports_total{outcome="behind",instance="a"}': "0+1x120"
    },
    "ConsentLogLate": {'consent_log_lag_seconds{instance="a"}': "301x120"},
    "ConsentCheckpointOld": {'consent_log_checkpoint_age_seconds{instance="a"}': "3601+60x120"},
    "ConsentErrors": {'consent_requests_total{status="5xx",instance="a"}': "0+10x120"},
    "ConsentSlow": {SECONDS % "0.01": "0+590x120", SECONDS % "5.0": "0+590x120"},
    "ConsentPoolExhausted": {'consent_database_pool_timeouts_total{instance="a"}': "0+1x120"},
    "ConsentDenialsHeldUp": {'consent_rates_hit_total{kind="denial",instance="a"}': "0+1x120"},
    "ConsentPurgeFails": {'consent_work_failed_total{work="housekeeping",instance="a"}': "0+1x120"},
    "ConsentWorkStands": {'consent_work_age_seconds{work="sealing",instance="a"}': "3601+60x120"},
    "ConsentBackupOld": {'consent_backup_age_seconds{instance="a"}': "93601+60x120"},
    "ConsentDiskFull": {'consent_disk_free_bytes{instance="a"}': "1000000000x120"},
}


@pytest.fixture
def tool():
    found = promtool.find()
    if found is None:
        pytest.fail(f"no promtool on this machine; {promtool.REMEDY}", pytrace=False)
    return found.path


def _trial(alert, changes):
    series = [{"series": name, "values": text} for name, text in {**HEALTHY, **changes}.items()]
    firing = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
    asked = 'count by (alertname) (ALERTS{alertstate="firing"})'
    expected = {"expr": asked, "eval_time": "100m", "exp_samples": firing}
    return {"interval": "1m", "input_series": series, "promql_expr_test": [expected]}


def test_each_alert_is_raised_by_its_situation_and_by_no_other(tool, tmp_path):
    trials = [_trial(None, {}), *(_trial(alert, changes) for alert, changes in SICK.items())]
    cases = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": trials}
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(cases))

    said = subprocess.run(
        [tool, "test", "rules", tmp_path / "cases.yml"], capture_output=True, text=True
    )

    assert said.returncode == 0, said.stdout + said.stderr
    assert set(SICK) == {rule["alert"] for rule in ALERTS}


def test_alerts_ask_for_metrics_and_labels_that_are_there():
    names = {metric.name: set(metric.labels) for metric in ALL}
    for metric in ALL:
        if isinstance(metric, Histogram):
            names[f"{metric.name}_bucket"] = {*metric.labels, "le"}

    asked = [
        (name, set(re.findall(r"(\w+)=", inside)))
        for rule in ALERTS
        for name, inside in re.findall(r"\b(consent_\w+)(?:\{([^}]*)\})?", rule["expr"])
    ]

    assert asked
    assert [(name, labels) for name, labels in asked if not labels <= names[name]] == []
    assert all(set(rule["annotations"]) == {"summary", "mend"} for rule in ALERTS)
