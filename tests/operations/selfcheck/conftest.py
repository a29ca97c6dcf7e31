"""The command, on installations that are not what they should be."""

import json

import pytest

from tests.cli import conftest as commands

run = commands.run


@pytest.fixture
def environment(environment, tmp_path):
    """An installation whose files are there, as after its first start."""
    (tmp_path / "var").mkdir(mode=0o700, exist_ok=True)
    return environment


@pytest.fixture
def look(run, monkeypatch):
    """Run the check with some settings changed; gives exit code and lines by name."""

    def look(*options, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        result = run("selfcheck", "--json", *options)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        checks = json.loads(result.stdout)["checks"]
        assert all(check["mend"] for check in checks if check["status"] != "ok")
        token = settings.get("CONSENT_METRICS_TOKEN")
        assert not token or token not in result.output
        return result.exit_code, {check["name"]: check for check in checks}

    return look
