"""PostgreSQL was started anew between two requests: nobody is told, and nothing is lost."""

import os
import socket

import psycopg
import pytest
import sqlalchemy as sa

from consent_server import background
from consent_server.db import db
from consent_server.driver import borrowed
from consent_server.metrics import catalogue
from consent_server.metrics.counts import COUNTS
from consent_server.sealing.service import waiting_sites
from tests.builders import acceptance


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL: only a server has connections to close."""
    return postgresql_url


@pytest.fixture
def close_all(app, database_url):
    """A function: let the server close every connection of the service."""

    def close_all():
        address = database_url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            closed = connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        assert (True,) in closed

    return close_all


def test_a_decision_after_the_server_closed_all_connections_is_recorded(decide, close_all, records):
    assert decide(acceptance(1)).status_code == 201

    close_all()
    first = decide(acceptance(1, consent_id="F" * 22))
    close_all()
    second = decide(acceptance(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert len(records()) == 3


def test_a_check_after_the_server_closed_all_connections_is_answered(
    decide, client, api_key, close_all
):
    token = decide(acceptance(1)).json["token"]
    query = {"site": "demo", "category": "analytics", "token": token}
    headers = api_key("check")

    close_all()

    answer = client.get("/v1/check", query_string=query, headers=headers)
    assert answer.json["granted"] is True


def test_a_server_that_closes_new_connections_too_is_away(app, decide, site, close_all):
    with app.app_context():
        sa.event.listen(db.engine, "connect", lambda connection, _: connection.close())
        close_all()

        first, later = decide(acceptance(1)), decide(acceptance(2))

    assert [answer.status_code for answer in (first, later)] == [503, 503]
    assert first.json["reason"] == later.json["reason"] == "database_unavailable"


def test_a_server_that_ends_just_after_a_round_of_work_undoes_nothing(app, close_all):
    """What the round leaves open is rolled back when it is over, on a connection that is gone.

    The work was done by then.
    """
    key = (catalogue.WORK_FAILED.name, "sealing")
    before = COUNTS.totals().get(key, 0)

    with background._round(app, "sealing"):
        assert waiting_sites() == []
        close_all()

    assert COUNTS.totals().get(key, 0) == before
    with background._round(app, "sealing"):
        assert waiting_sites() == []


def test_a_server_that_cannot_be_reached_any_more_is_given_up_within_half_a_minute(app):
    """As Linux counts: until it asks, between two times that it asks, and for what was sent."""
    with app.app_context(), borrowed(db.engine) as driver:
        opened = socket.socket(fileno=os.dup(driver.connection.fileno()))
        with opened:
            idle, interval, count, unread = (
                opened.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_KEEPCNT,
                    socket.TCP_USER_TIMEOUT,
                )
            )

    assert idle + interval * count <= 30
    assert 0 < unread <= 30_000
