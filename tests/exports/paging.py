"""Pages of a few records, so that a small export has several."""

from dataclasses import replace

import pytest

from consent_server.exports.formats import FORMATS


def records_a_page(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let every format read and write so many records at a time."""
    for name, made in list(FORMATS.items()):
        monkeypatch.setitem(FORMATS, name, replace(made, page=count))
