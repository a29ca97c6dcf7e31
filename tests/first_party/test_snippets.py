"""The snippets for operators: three spellings of one thing."""

import re

import pytest

from tests.first_party.front import PATH, SNIPPET

SNIPPETS = sorted(path for path in SNIPPET.parent.iterdir() if path.is_file())
READ = {path.name: path.read_text(encoding="utf-8") for path in SNIPPETS}
PATTERN = re.compile(r"\^/privacy-choices/\((?:\?:)?(s/\S+)\)\$(?=\s)")


def test_there_is_one_for_each_server():
    assert set(READ) == {"nginx.conf", "Caddyfile", "apache.conf"}


def test_they_let_the_same_paths_through():
    patterns = {name: PATTERN.search(text)[1] for name, text in READ.items()}

    assert len(set(patterns.values())) == 1, patterns


@pytest.mark.parametrize(
    ("path", "is_let_through"),
    [
        ("/s/demo.js", True),
        ("/widget/0123456789-abcdef_ABCDEF.js", True),
        ("/v1/sites/demo/bundle", True),
        ("/v1/sites/demo/consents", True),
        ("/v1/sites/demo/me", True),
        ("/v1/sites/demo/me/receipt", True),
        ("/v1/sites/demo/export", False),
        ("/v1/sites/demo/consents/x", False),
        ("/v1/sites/../check", False),
        ("/v1/check", False),
        ("/s/../docs", False),
        ("/docs", False),
        ("/admin/", False),
        ("/", False),
    ],
)
def test_only_what_pages_ask_for_is_let_through(path, is_let_through):
    pattern = re.compile(rf"^{PATH}/(?:{PATTERN.search(READ['nginx.conf'])[1]})$")

    assert bool(pattern.search(PATH + path)) is is_let_through


@pytest.mark.parametrize("name", sorted(READ))
def test_each_takes_away_what_is_none_of_the_services_business(name):
    text = READ[name]

    for header in ("Cookie", "Authorization", "Strict-Transport-Security"):
        assert header in text
    assert re.search(r"X-Forwarded-For.*(remote_addr|remote_host|REMOTE_ADDR)", text)
