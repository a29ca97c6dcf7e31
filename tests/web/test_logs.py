"""The line of a request is the one that the renderer of all other lines would write."""

import json
import logging

import pytest
import structlog

from consent_server.web import logs


@pytest.fixture
def configured():
    """The logging of a service that runs, for this test alone."""
    root, handlers, level = logging.getLogger(), logging.root.handlers, logging.root.level
    yield logs.configure
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("route", [None, "/v1/sites/<site_id>/consents", 'a "rule" <\u00fc\\>'])
@pytest.mark.parametrize("ms", [0.0, 1.5, 12345678.9, 1e22])
def test_a_line_is_written_as_structlog_writes_it(configured, capsys, route, ms):
    configured("info")
    values = {"request_id": "0" * 16, "method": "GET", "route": route, "status": 200, "ms": ms}

    structlog.get_logger("consent_server.access").info("request", **values)
    logs.request(**values)

    one, other = capsys.readouterr().err.splitlines()
    stamps = [json.loads(line)["timestamp"] for line in (one, other)]
    assert other.replace(stamps[1], "T") == one.replace(stamps[0], "T")
    assert [stamp[10] + stamp[-1] for stamp in stamps] == ["TZ", "TZ"]


def test_no_line_is_written_above_its_level(configured, capsys):
    configured("warning")

    logs.request("0" * 16, "GET", None, 200, 1.5)

    assert capsys.readouterr().err == ""


def test_a_method_that_a_client_made_up_is_not_written(configured, capsys, client):
    configured("info")

    client.open("/healthz", method="MARIE-DUPONT")
    client.open("/healthz", method="GET")

    out = capsys.readouterr().err
    methods = [json.loads(line)["method"] for line in out.splitlines() if '"request"' in line]
    assert methods == ["other", "GET"]
    assert "MARIE" not in out
