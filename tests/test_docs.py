"""The documentation is held to the code: what is there is described, and nothing else."""

import json
import re
from pathlib import Path

import click
import pytest

from consent_server import openapi
from consent_server.application import create_app
from consent_server.cli import main
from consent_server.config import SECRETS, SettingsSchema, load_settings
from consent_server.worker.answers import STATUSES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.fixture
def app(tmp_path):
    return create_app(load_settings({"CONSENT_DATA_DIR": str(tmp_path / "data")}))


def test_every_setting_has_its_row():
    names = {field.data_key for field in SettingsSchema().fields.values()}
    names |= {f"{name}_FILE" for name in SECRETS}

    rows = set(re.findall(r"^\| `([A-Z_]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE))

    assert rows == names


def test_every_reason_has_its_row_with_its_status(app):
    text = (DOCS / "http-api.md").read_text()
    for name in main.list_commands(None):
        main.get_command(None, name)  # a command is loaded when it is run

    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (\d{3}) \|", text, re.MULTILINE)

    assert dict(rows) == {name: str(status) for name, (status, _) in openapi.reasons().items()}


def test_what_is_refused_before_the_application_has_a_reason_that_is_described(app):
    known = openapi.reasons()

    given = {reason: status for status, reason in STATUSES.values()}
    assert {reason: known.get(reason, (None,))[0] for reason in given} == given


def test_no_two_reasons_are_described_alike(app):
    meanings = [meaning for _, meaning in openapi.reasons().values()]

    assert sorted(set(meanings)) == sorted(meanings)


def test_every_reason_means_one_thing(app):
    kinds = {}
    waiting = [openapi.ConsentError]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            kinds.setdefault(kind.reason, []).append(kind.__name__)

    assert {reason: names for reason, names in kinds.items() if len(names) > 1} == {}


def test_every_route_has_its_row(app):
    text = (DOCS / "http-api.md").read_text()

    documented = set(re.findall(r"`GET (/[^`?]*)|`POST (/[^`?]*)", text))
    documented = {get or post for get, post in documented}

    routes = {
        re.sub(r"<(?:\w+:)?(\w+?)(?:_id)?>", r"{\1}", str(rule))
        for rule in app.url_map.iter_rules()
    }
    assert routes - documented == set()


def test_openapi_json_is_fresh(app):
    with app.app_context():
        expected = json.dumps(openapi.document(), indent=2, ensure_ascii=False) + "\n"

    assert (DOCS / "openapi.json").read_text() == expected, (
        "run: python -m consent_server openapi -o docs/openapi.json"
    )


def test_every_command_explains_itself():
    silent = [name for name in main.list_commands(None) if not main.get_command(None, name).help]

    assert silent == []


def test_every_part_of_the_service_has_its_floor():
    _, plan, _ = (DOCS / "architecture.md").read_text().split("```", 2)
    parts = [
        path.name
        for path in (ROOT / "consent_server").iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.name != "__init__.py")
    ]

    assert [name for name in parts if not re.search(rf"(^|[ /]){re.escape(name)}\b", plan)] == []


PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]*)#?([^)]*)\)", document.read_text())

    dead = [
        f"{target}#{anchor}"
        for target, anchor in links
        if not (page := document.parent / target if target else document).exists()
        or (anchor and anchor not in _anchors(page))
    ]
    assert dead == []


def _anchors(page: Path) -> set[str]:
    """The headings of a page, as those who show it name them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    words = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in words}


#: Whatever follows on the line ends the command: a comment, a pipe, a quotation mark.
COMMAND = re.compile(r"-m consent_server ((?:[\w./$:<>*{}-]+|\"[^\"]*\"| )+)")


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_command_line_is_one_that_there_is(document):
    lines = COMMAND.findall(document.read_text())

    assert {line: wrong for line in lines if (wrong := _what_is_wrong(line.split()))} == {}


def _what_is_wrong(words: list[str]) -> str:
    """The first word that is no command, or the first option that its command does not have."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return words[0]
        command, words = found, words[1:]
    known = {"-h", "--help", *(name for each in command.params for name in each.opts)}
    options = [word for word in words if word.startswith("-") and word != "-"]
    return next((option for option in options if option.rstrip(".,:") not in known), "")
