"""Everything that has to stand: the service with the site on it, and the web around it."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.processes import ROOT, BenchFailed, start
from bench.widget.contestants import GATED, PAGES, Contestant
from bench.widget.site import ONE, SITE, site_document
from bench.widget.web import CDN, SHOP, Web, web

COMMAND_SECONDS = 60


@contextmanager
def standing(contestants: Sequence[Contestant], folder: Path) -> Iterator[Web]:
    """Start the service and the web with a page of each contestant; end both afterwards.

    :param folder: an empty one, for the service's data
    :raises BenchFailed: the service does not start, or does not take the site
    """
    with web() as served:
        document = folder / "site.json"
        document.write_text(json.dumps(site_document(ONE, served.origin(SHOP))), encoding="utf-8")
        environment = _environment(folder)
        _publish(environment, document)
        service = start(["consent_server", "serve"], "service", environment, folder)
        try:
            service.wait_until_ready("/readyz")
            origin = f"http://127.0.0.1:{service.port}"
            _warm(f"{origin}/s/{SITE}.js")
            _furnish(served, contestants, origin)
            yield served
        finally:
            service.stop()


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a service with default settings, whatever this shell has set."""
    ours = ("CONSENT_", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "CONSENT_DATA_DIR": str(folder / "data")}


def _publish(environment: Mapping[str, str], document: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "consent_server", "site", "publish", str(document)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    if done.returncode != 0:
        raise BenchFailed(f"the site was not published:\n{done.stderr[-2000:]}")


def _warm(address: str) -> None:
    """Ask once: a script is compressed when it is first asked for, and then kept."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def _furnish(served: Web, contestants: Sequence[Contestant], service: str) -> None:
    """Put every page and every file on the web."""
    cdn = served.origin(CDN)
    for name in ("page.css", "hero.svg"):
        served.put(f"/{name}", (PAGES / name).read_bytes())
    for number in range(GATED):
        served.put(f"/vendor-{number}.js", (PAGES / "gated.js").read_bytes())
    for contestant in contestants:
        served.put(f"/{contestant.name}", contestant.page(cdn, service).encode())
        for path, file in contestant.files.items():
            served.put(path, file.read_bytes())
