"""``python -m tests.machine [TOOL …]``: find or install what the tests need, then tell."""

import sys

from tests.machine import (
    caddy,
    chromium,
    firefox,
    nginx,
    node,
    pgbouncer,
    postgresql,
    promtool,
    strace,
    systemd,
    webkit,
)
from tests.machine.install import one_at_a_time
from tests.machine.tool import Tool, ToolMissing, table

ENSURE = {
    "node": node.ensure,
    "postgresql": postgresql.ensure,
    "pgbouncer": pgbouncer.ensure,
    "chromium": chromium.ensure,
    "nginx": nginx.ensure,
    "caddy": caddy.ensure,
    "promtool": promtool.ensure,
    "strace": strace.ensure,
    "systemd": systemd.ensure,
    "firefox": firefox.ensure,
    "webkit": webkit.ensure,
}


def main(names: list[str]) -> int:
    """Make sure that the named tools stand; without a name, all of them.

    :returns: 0 all stand, 1 one is missing, 2 an unknown name
    """
    unknown = sorted(set(names) - set(ENSURE))
    if unknown:
        print(f"unknown: {', '.join(unknown)}; known: {', '.join(ENSURE)}", file=sys.stderr)
        return 2
    found: list[Tool] = []
    missing: list[ToolMissing] = []
    with one_at_a_time():
        for name in names or ENSURE:
            try:
                found.append(ENSURE[name]())
            except ToolMissing as gap:
                missing.append(gap)
    print(table(found, missing), flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
