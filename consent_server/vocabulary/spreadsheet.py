"""A value as a cell of a CSV file: nothing is lost, and nothing is a formula.

An empty cell is null. A cell that begins with an apostrophe holds the text after it: so written are
texts that a spreadsheet would take for a formula, the empty text, and texts that begin with one.
"""

from collections.abc import Iterable
from typing import Any

#: A spreadsheet takes a cell that starts so for a formula; an apostrophe is our own mark.
MARKED = frozenset("=+-@\t\r\x00\uff1d\uff0b\uff0d\uff20'")
#: Cells that are spared the look.
PLAIN = {True: "true", False: "false", None: ""}
#: The same, and how an empty text begins.
NOT_AS_IT_IS = MARKED | {""}


def cells(values: Iterable[Any]) -> list[str]:
    """Return :func:`cell` of each value of a row."""
    return [
        (f"'{value}" if value[:1] in NOT_AS_IT_IS else value)
        if type(value) is str
        else PLAIN[value]
        if value is None or value is True or value is False
        else str(value)
        for value in values
    ]


def cell(value: Any) -> str:
    """Return a value as a cell that reads back as the value, and that no spreadsheet runs.

    :source: OWASP, CSV Injection
    """
    if isinstance(value, str):
        return f"'{value}" if not value or value[0] in MARKED else value
    return PLAIN[value] if value is None or isinstance(value, bool) else str(value)
