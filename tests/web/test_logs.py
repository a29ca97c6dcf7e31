"""The line of a request is the one that the renderer of all other lines would write."""

import json
import logging
import sqlite3

import pytest
import structlog

from consent_server.erasing.erasedlist import ErasedListUnusable
from consent_server.errors import ConsentError
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


def failed(error):
    raise error


@pytest.mark.parametrize("logger", ["consent_server.web.problems", "gunicorn.error"])
def test_an_error_is_logged_by_its_way_and_not_in_words_that_may_quote_somebody(
    configured, capsys, logger, monkeypatch
):
    configured("info")
    # A server that ran in this process before may have kept its lines to itself.
    monkeypatch.setattr(logging.getLogger(logger), "propagate", True)
    monkeypatch.setattr(logging.getLogger(logger), "handlers", [])
    monkeypatch.setattr(logging.getLogger(logger), "disabled", False)
    row, key = sqlite3.IntegrityError("Key (digest)=(MARIE) already exists."), KeyError("DUPONT")
    try:
        try:
            failed(row)
        except sqlite3.Error as error:
            raise key from error
    except KeyError:
        logging.getLogger(logger).exception("Error handling request")

    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)["exception"]
    assert "MARIE" not in line
    assert "DUPONT" not in line
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("builtins.KeyError")
    assert told.index("in failed") < told.index("sqlite3.IntegrityError") < told.index("raise key")


def test_an_error_that_came_from_itself_is_told_once(configured, capsys):
    configured("info")
    itself = KeyError()
    try:
        raise itself from itself
    except KeyError:
        structlog.get_logger().exception("request_failed")

    assert capsys.readouterr().err.count("builtins.KeyError") == 1


def test_an_error_of_our_own_says_what_to_do(configured, capsys):
    configured("info")
    for error in (ErasedListUnusable(7), FileNotFoundError(2, "No such file", "keys")):
        try:
            failed(error)
        except (ConsentError, OSError):
            structlog.get_logger().exception("Exception in worker process")

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["exception"].endswith("line 7 cannot be read; restore it from a backup")
    assert second["exception"].endswith("No such file: 'keys'")
