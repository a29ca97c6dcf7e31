"""The scripts that look at a page from within; they change nothing that outlives them."""

from functools import lru_cache
from pathlib import Path

PROBES = Path(__file__).with_name("probes")


@lru_cache
def probe(name: str) -> str:
    """Return the expression of one probe: a function, to be evaluated in a page."""
    return (PROBES / f"{name}.js").read_text(encoding="utf-8")
