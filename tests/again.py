"""``python -m tests.again``: run alone, once, what failed while others kept the machine busy.

Only tests that look at a browser have that second chance: a page that waits for its share of two
cores may be late. What the service, the log or a race of tabs (``tests/fault``) does wrong once is
wrong.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
LOOKING = tuple(f"tests/{name}/" for name in ("browser", "demo", "engines", "packages")) + tuple(
    f"tests/audit/test_{name}.py" for name in ("clean_site", "leaky_site", "the_demo", "way_back")
)
#: They look at what two pages do at the same time.
RACING = tuple(
    f"tests/browser/test_{name}.py" for name in ("two_tabs", "opposites", "erasing_meanwhile")
)
#: More than these are no accident.
MOST = 5


def main() -> int:
    """Run the failed tests once more, in one process.

    :returns: 0 all passed now, 1 one failed again, or none of them may have another chance
    """
    failed = sorted(json.loads(FAILED.read_text(encoding="utf-8")))
    may = [test for test in failed if test.startswith(LOOKING) and not test.startswith(RACING)]
    if not 0 < len(failed) <= MOST or may != failed:
        return 1
    print("\nFailed beside other tests, and now run alone:", *failed, sep="\n  ", flush=True)
    # Rows are named, so none may be left out; the share is that of a run that names none.
    environ = {"FAULT_SHARE": "0.04", **os.environ}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", *failed]
    return min(1, subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode)


if __name__ == "__main__":
    sys.exit(main())
