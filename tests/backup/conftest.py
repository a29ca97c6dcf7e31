"""Backups are made and put back by commands."""

import pytest

from tests.cli.conftest import run as run


@pytest.fixture
def postgresql_url(postgresql_owner_url):
    """Of the owner of the tables: a restore makes them."""
    return postgresql_owner_url
