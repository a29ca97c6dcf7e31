"""Backups are made and put back by commands."""

from tests.cli.conftest import run as run
