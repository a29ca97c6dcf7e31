"""An export and its verification hold one page, whatever the number of records."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from consent_server.exports import trailer
from consent_server.exports.formats import FORMATS
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.rowscope import one_site
from tests.exports.filling import fill

ROOT = Path(__file__).parents[2]
SMALL, LARGE = 2_000, 16_000
#: Sixteen pages may cost a little more than two do; a list of all records costs twice as much.
MOST = 1.25

EXPORTING = """
import os, re, sys
from pathlib import Path
from consent_server import rowscope, verification
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.exports.formats import FORMATS
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export

app = create_app(load_settings(os.environ))
path = Path(sys.argv[1])
with app.app_context(), rowscope.one_site("demo"):
    pieces = Export(Selection("demo"), "jsonl", app.extensions["consent_notary"]).pieces()
    with path.open("wb") as file:
        file.writelines(list(pieces) if sys.argv[2] == "naive" else pieces)
if sys.argv[2] != "naive":
    assert verification.verify(path, verification.Trusted()).is_good
# not getrusage: it counts what this process was before it began to run this
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def peak(environment, path, way):
    """Most memory that a process needs for an export, in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", EXPORTING, str(path), way],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.one_row_in(2)  # an engine
def test_memory_does_not_grow_with_the_number_of_records(app, site, notary, environment, tmp_path):

    fill(app, site, notary, SMALL)
    small = peak(environment, tmp_path / "small", "paged")
    fill(app, site, notary, LARGE - SMALL)
    large = peak(environment, tmp_path / "large", "paged")
    naive = peak(environment, tmp_path / "naive", "naive")

    assert (tmp_path / "large").read_bytes() == (tmp_path / "naive").read_bytes()
    assert large < small * MOST
    assert naive > large * 1.08  # the control: whoever holds the file shows in the measure


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_at_once_is_small_in_every_format(app, site, notary, form):
    fill(app, site, notary, SMALL)

    with app.app_context(), one_site("demo"):
        largest = max(map(len, Export(Selection("demo"), form, notary).pieces()))

    assert largest < 4_000_000  # in JSON-LD all of them are 20 MB


@pytest.fixture
def without_collector():
    """Let go only what nothing refers to: of large things the collector does not hear."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_each_chunk_of_the_trailer_is_gone_when_the_next_one_is_read(
    app, site, notary, monkeypatch, without_collector
):
    monkeypatch.setattr(trailer, "CHUNK", 256)
    fill(app, site, notary, 1_500)
    seen = []

    with app.app_context():
        for _ in Export(Selection("demo"), "jsonl", notary).pieces():
            seen.append(sum(type(one) is trailer._Chunk for one in gc.get_objects()))

    assert max(seen) == 1
    assert sum(seen) >= 5
