"""The texts and the widget build that this installation ships."""

import json
from functools import lru_cache
from pathlib import Path

from consent_server.sites.service import Artifacts

HERE = Path(__file__).parent
TEXTS = HERE / "texts"
WIDGET = HERE / "static" / "widget.js"


@lru_cache(maxsize=1)
def artifacts() -> Artifacts:
    """Return the shipped artifacts; they do not change while a process lives."""
    texts = {path.stem: json.loads(path.read_bytes()) for path in sorted(TEXTS.glob("*.json"))}
    return Artifacts(texts=texts, widget=WIDGET.read_bytes())
