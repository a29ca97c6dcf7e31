"""The texts and the widget build that this installation ships."""

import json
from functools import lru_cache
from pathlib import Path

from consent_server.sites.artifacts import Artifacts
from consent_server.sites.widget import WidgetParts

HERE = Path(__file__).parent
TEXTS = HERE / "texts"
STATIC = HERE / "static"


@lru_cache(maxsize=1)
def artifacts() -> Artifacts:
    """Return the shipped artifacts; they do not change while a process lives."""
    texts = {path.stem: json.loads(path.read_bytes()) for path in sorted(TEXTS.glob("*.json"))}
    widget = WidgetParts(
        first=(STATIC / "widget.js").read_bytes(),
        second=(STATIC / "proof.js").read_bytes(),
        styles=_by_name("styles/*.css"),
        signals=_by_name("signals/*.js"),
    )
    return Artifacts(texts=texts, widget=widget)


def _by_name(pattern: str) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in sorted(STATIC.glob(pattern))}
