"""The committed widget was built from the committed sources (no Node needed to notice)."""

import base64
import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "widget"
STATIC = ROOT / "consent_server" / "embed" / "static"


def digest_of(sources):
    """The recipe in the head of widget/build.mjs."""
    total = hashlib.sha256()
    for name, content in sorted(sources.items(), key=lambda item: item[0].encode()):
        total.update(f"{name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()


@pytest.fixture
def sources():
    paths = [path for path in (WIDGET / "src").rglob("*") if path.is_file()]
    paths += [WIDGET / name for name in ("build.mjs", "package-lock.json", "tsconfig.json")]
    return {path.relative_to(WIDGET).as_posix(): path.read_bytes() for path in paths}


def test_the_widget_was_built_from_these_sources(sources):
    committed = (STATIC / "widget.source.sha256").read_text().strip()

    assert committed == digest_of(sources), "run: make widget"


def test_a_changed_source_is_noticed(sources):
    changed = {**sources, "src/index.ts": sources["src/index.ts"] + b" "}

    assert digest_of(changed) != digest_of(sources)


def test_the_first_part_names_the_second_by_one_spelling_of_its_digest():
    """As a name and as an integrity: what is there twice costs a page nothing."""
    raw = hashlib.sha256((STATIC / "proof.js").read_bytes()).digest()
    name = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    first = (STATIC / "widget.js").read_text()

    assert (first.count(name), first.count(f"sha256-{name}=")) == (2, 1)
