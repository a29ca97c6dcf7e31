"""The tables of docs/reliability.md: what ran again is replaced, everything else stays."""

from tests.fault.report import write_page

PAGE = """# Page
<!-- durability: begin -->

| fault | trials (planned) |
|---|--:|
| F-10 | 200 (2,000) |
| F-11, two | 100 (1,000) |

2026-11-01, seed 1.

<!-- durability: end -->
The end.
"""
LINE = {
    "id": "F-10",
    "fault": "cut",
    "trials": 1_000,
    "planned": 2_000,
    "failed": 0,
    "503": 7,
    "p50_ms": 3,
    "p99_ms": 5,
    "max_ms": 8,
    "seed": 2,
    "engine": "postgresql",
    "at": "2026-11-30T10:00:00+00:00",
}


def test_rows_of_what_did_not_run_again_stay(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    write_page([LINE, {**LINE, "id": "F-01 sqlite"}], page)

    told = "1,000 (2,000) | 0 | 3 ms | 5 ms | 8 ms | 503: 7 | 2026-11-30"
    rows = [line for line in page.read_text().splitlines() if line.startswith("| F")]
    assert rows == [
        f"| F-01 sqlite | {told} |",
        f"| F-10 | {told} |",
        "| F-11, two | 100 (1,000) |",
    ]
    assert page.read_text().startswith("# Page\n")
    assert page.read_text().endswith("<!-- durability: end -->\nThe end.\n")
