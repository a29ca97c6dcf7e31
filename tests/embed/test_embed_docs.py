"""docs/embed.md and widget/index.d.ts say what the widget's sources say, by name."""

import re
from pathlib import Path

from consent_server.embed.shipped import artifacts
from consent_server.ledger.canonical import digest

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "widget" / "src"
DOCS = (ROOT / "docs" / "embed.md").read_text(encoding="utf-8")
TYPES = (ROOT / "widget" / "index.d.ts").read_text(encoding="utf-8")
SOURCES = {
    path.relative_to(WIDGET).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(WIDGET.rglob("*.ts"))
}
ALL = "\n".join(SOURCES.values())


def _interface(source: str, name: str) -> str:
    found = re.search(rf"export interface {name} {{\n(.*?)\n}}", source, re.DOTALL)
    assert found, f"no interface {name}"
    return found[1]


def _union(source: str, name: str) -> set[str]:
    found = re.search(rf"export type {name} = ([^;]+);", source)
    assert found, f"no type {name}"
    return set(re.findall(r"'(\w+)'", found[1]))


def _members(braces: str) -> list[str]:
    return re.findall(r"(\w+): ", braces)


def _rows(pattern: str) -> list[tuple[str, str]]:
    """First cells that match, each with the second one."""
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", DOCS, re.MULTILINE)
    return [(first, second) for first, second in rows if re.match(pattern, first)]


def test_the_table_of_methods_is_the_interface():
    interface = _interface(SOURCES["page-api.ts"], "PageApi")

    documented = [name for first, _ in _rows(r"`\w+\(") for name in re.findall(r"`(\w+)\(", first)]

    assert sorted(documented) == sorted(re.findall(r"^  (\w+)[<(]", interface, re.MULTILINE))


def test_the_choice_is_described_by_its_members():
    members = _members(_interface(SOURCES["page-api.ts"], "ConsentView"))

    [(_, gives)] = _rows(r"`getConsent\(")

    assert f"`{{{', '.join(members)}}}`" in gives


def test_the_table_of_events_is_the_interface():
    lines = _interface(SOURCES["events.ts"], "Events").splitlines()
    events = {line.split(":")[0].strip(): _members(line.split(":", 1)[1]) for line in lines}

    documented = {
        first.strip("`").removeprefix("consent:"): second for first, second in _rows("`consent:")
    }

    assert documented.keys() == events.keys()
    for name, members in events.items():
        assert documented[name].startswith(f"`{{{', '.join(members)}}}`"), name


def test_every_reason_of_an_error_is_named():
    calls = "\n".join(line for line in ALL.splitlines() if "emit('error'" in line)
    reasons = set(re.findall(r"(?<!=== )'(\w+)'", calls)) - {"error"}

    [(_, detail)] = _rows("`consent:error`")

    expected = reasons | _union(SOURCES["proof/token.ts"], "TokenFault")
    assert set(re.findall(r"`(\w+)`", detail)) == expected


def test_the_types_name_every_action_and_method():
    remark = re.search(r"/\*\*([^/]*)\*/\n  decided:", TYPES)

    assert remark
    named = set(re.findall(r"`(\w+)`", remark[1])) - {"action", "method"}
    decision = SOURCES["decision.ts"]
    assert named == _union(decision, "Action") | _union(decision, "Method")


def test_every_attribute_is_named():
    read = {f"data-{name}" for name in re.findall(r"\bdataset\??\.(\w+)", ALL)}
    for names in re.findall(r"\{([^{}]*)\} = \w+\.dataset", ALL):
        read |= {f"data-{re.split('[ :=]', name.strip())[0]}" for name in names.split(",")}
    read |= set(re.findall(r"\[(data-\w+)\]", ALL))
    read |= set(re.findall(r"getAttribute\('(data-\w+)'\)", ALL))
    addresses = re.search(r"ADDRESSES = \[([^]]+)\]", ALL)
    assert addresses
    read |= {f"data-{name}" for name in re.findall(r"'(\w+)'", addresses[1])}

    documented = {
        name for first, _ in _rows("`data-") for name in re.findall(r"`(data-\w+)", first)
    }

    assert documented == read


def test_every_wish_that_an_element_can_express_has_its_row():
    documented = {first for first, _ in _rows("`data-consent=")}

    wishes = re.findall(r"wish === '(\w+)'", SOURCES["ui/index.ts"])
    assert documented == {f'`data-consent="{wish}"`' for wish in wishes}


def test_the_table_of_storage_has_every_key_in_its_place():
    constants = dict(re.findall(r"const (\w+) = '(consent_\w+)';", ALL))
    local = set(re.findall(r"localStorage\.setItem\((\w+)(?: \+ [\w.]+)?,", ALL))

    documented = {first for first, _ in _rows(r"(cookie|localStorage) `")}

    assert local <= constants.keys()
    assert documented == {
        f"{'localStorage' if name in local else 'cookie'} `{key}`"
        for name, key in constants.items()
    }


def test_the_channel_and_the_trusted_types_policy_are_named():
    assert re.findall(r"the BroadcastChannel `([\w-]+)`", DOCS) == re.findall(
        r"CHANNEL = '([\w-]+)'", ALL
    )
    [(_, policy)] = _rows("`trusted-types`")
    assert re.findall(r"`([\w-]+)`", policy) == re.findall(r"createPolicy\('([\w-]+)'", ALL)


def test_only_the_second_part_and_what_runs_of_held_back_elements_need_the_policy():
    users = {name for name, source in SOURCES.items() if re.search(r"\.createScript", source)}

    assert users == {"part.ts", "proof/opener.ts", "proof/run-script.ts"}


def test_the_first_part_names_the_second_by_its_digest():
    widget = artifacts().widget

    assert digest(widget.second).encode() in widget.first
    assert "`/widget/{digest}.js`" in DOCS
    assert "/widget/${PROOF_DIGEST}.js" in SOURCES["part.ts"]


def test_the_architecture_names_only_files_that_are_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/.-]+\.(?:py|ts|mjs|css))`", text)

    roots = [ROOT, ROOT / "consent_server", WIDGET]
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
