"""``python -m bench.log``: measure, show a table, write JSON."""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.log.measuring import measure
from bench.log.table import table
from consent_server.web.logs import configure


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--records", type=click.IntRange(100, 10_000_000), default=20_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def main(records: int, rounds: int, json_file: Path | None) -> None:
    """Measure the CPU time of sealing, proving, exporting and verifying, beside their limits.

    On a new database of its own: a SQLite file, or the empty one that DATABASE_URL names.
    """
    configure("warning")
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        figures = measure(Path(folder), records, rounds)
    report = {
        "at": datetime.now(UTC).isoformat("T", "seconds"),
        "load": os.getloadavg()[0],
        "records": records,
        "rounds": rounds,
        "figures": figures,
    }
    for line in table(report):
        click.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
