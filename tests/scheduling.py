"""Which process of ``pytest -n`` runs what; which rows of wide tables wait for the full run."""

import os
import re
import zlib
from pathlib import PurePosixPath
from typing import Any

import pytest

#: Folders and files whose tests all look at one long run: it is made once, in one process.
SHARED_RUNS = tuple(
    PurePosixPath("tests", path)
    for path in (
        "audit/test_clean_site.py",
        "audit/test_leaky_site.py",
        "bench",
        "browser/test_the_demo.py",
        "demo",
        "exports/replica",
        "packages/test_each_package.py",
        "packages/test_life.py",
    )
)
#: Folders and files in which little depends on the engine: each test runs on one of both.
ONE_ENGINE = (
    *("cli", "embed", "evidence", "exports", "rights", "trail", "verification", "vocabulary"),
    *(
        "web",
        "rates",
        "backup",
        "recovery",
        "retention",
        "operations",
        "witnessing",
        "fault/history",
        "fault/migrating",
        "fault/durability/test_killed.py",
        "fuzz",
        "log/test_audit.py",
        "log/test_crashes.py",
        "log/test_enrolment.py",
        "log/test_publishing.py",
        "log/test_refusals.py",
        "log/test_rotation.py",
        "log/test_stolen_key.py",
        "log/test_access.py",
        "log/test_sealing.py",
        "log/test_together.py",
        "bench/test_bench_runs.py",
        "sites/test_looking.py",
        "sites/test_remembered.py",
    ),
    *(
        f"erasing/test_{name}.py"
        for name in (
            *("audit", "crashes", "erasing", "listed", "replay", "restricted", "running"),
            *("statements",),
        )
    ),
    *(
        f"consents/test_{name}.py"
        for name in (
            "check",
            "concurrency",
            "counter",
            "delivery_order",
            "events",
            "publishing",
            "refused_decisions",
            "first_party_cookies",
            "privacy_control",
            "services",
        )
    ),
)
ENGINE = re.compile(r"(?<=[\[-])(sqlite|postgresql)(?=[\]-])")
#: Set by ``make fault`` and ``make test-whole``: every row of every table.
IS_WHOLE = "FAULT_SHARE" in os.environ


# pytest-xdist is not there when the tests run in one process.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests one by one, and those of a shared run together."""
    from xdist.scheduler import LoadScopeScheduling

    class OneByOne(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = PurePosixPath(nodeid.partition("::")[0])
            shared = [run for run in SHARED_RUNS if run == path or run in path.parents]
            return str(shared[0]) if shared else nodeid

        def _reschedule(self, node: Any) -> None:
            """Hand out until a process has two tests or is told that there is no other.

            It runs none before it knows the next; one that takes the place of a process that
            died is handed a single unit, and would wait with it for ever.
            """
            super()._reschedule(node)
            while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
                super()._reschedule(node)

        def remove_node(self, node: Any) -> str | None:
            """Do not hand out again the test that a process died of; it has failed."""
            units = self.assigned_work[node].values()
            for unit in units:
                for nodeid in (name for name, is_done in unit.items() if not is_done):
                    unit[nodeid] = True
                    super().remove_node(node)
                    return nodeid
            return super().remove_node(node)

    return OneByOne(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the full run what the marker ``one_row_in`` lets go: other rows in each table.

    And of tests in which little depends on the engine those on the other one. What a test is
    called says which: another test that comes or goes moves none.
    """
    left = _on_the_other_engine(items)
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item not in left and item.get_closest_marker("one_row_in") is not None:
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for name, table in tables.items():
        marker = table[0].get_closest_marker("one_row_in")
        (number,) = marker.args if marker is not None else (1,)
        # Of a table with fewer rows than that one is left too.
        step, turn = min(number, len(table)), _turn(name)
        left |= {item for at, item in enumerate(table) if (at + turn) % step}
    if left and not IS_WHOLE:
        config.hook.pytest_deselected(items=sorted(left, key=lambda item: item.nodeid))
        items[:] = [item for item in items if item not in left]


def _on_the_other_engine(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return of each test that runs on both engines the one that is left to the full run."""
    pairs: dict[str, list[pytest.Item]] = {}
    for item in items:
        path = item.nodeid.partition("::")[0].removeprefix("tests/")
        if path.startswith(ONE_ENGINE) and ENGINE.search(item.nodeid):
            pairs.setdefault(ENGINE.sub("", item.nodeid), []).append(item)
    return {pair[_turn(name) % 2] for name, pair in pairs.items() if len(pair) == 2}


def _turn(name: str) -> int:
    """Return a number that is always the same for a name."""
    return zlib.crc32(name.encode())
