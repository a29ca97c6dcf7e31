"""Read a document's text, YAML or JSON, into plain values without the surprises of either.

YAML 1.1 reads ``off`` and ``NO`` as false, ``2026-03-01`` as a date, ``1.10`` as a number and
``12:30`` as sexagesimal; here they all stay the text that was written. Only ``true``, ``false``,
``null`` and whole numbers are something else.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

import yaml

from consent_server.sites.document.findings import DocumentInvalid, Finding, path_to

#: Largest document, in bytes of UTF-8.
LARGEST_DOCUMENT = 128 * 1024
#: Deepest nesting of lists and keys; a valid document needs 5.
DEEPEST_NESTING = 8
#: Most digits of a whole number, so that every reader keeps it exactly.
_LONGEST_NUMBER = 15


def read_text(text: str) -> Any:
    """Return what a document's text says, as dict, list, str, int, bool and None.

    A text that begins with ``{`` is JSON, every other one is YAML.

    :raises DocumentInvalid: too large, not YAML or JSON, nested too deeply, a key twice or not
        text, an anchor, an alias, a tag, or more than one document
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_DOCUMENT:
        raise _refused(f"larger than {LARGEST_DOCUMENT // 1024} KiB", "too_large")
    text = text.removeprefix("\ufeff")
    findings: list[Finding] = []
    read = _from_json if text.lstrip().startswith("{") else _from_yaml
    value = read(text, findings)
    if findings:
        raise DocumentInvalid(findings)
    return value


class _PlainLoader(yaml.SafeLoader):
    """SafeLoader that guesses no types, expands nothing and stops at a depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.MarkedYAMLError(
                problem="anchors (&) and aliases (*) are not read; write the value out, and put "
                "text that begins with & or * in quotes",
                problem_mark=event.start_mark,
            )
        if event.tag is not None:
            raise yaml.MarkedYAMLError(
                problem=f"tags ({event.tag[:40]}) are not read; put text that begins with ! "
                "in quotes",
                problem_mark=event.start_mark,
            )
        if self.depth > DEEPEST_NESTING:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {DEEPEST_NESTING} levels", problem_mark=event.start_mark
            )
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_PlainLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", f"-?(?:0|[1-9][0-9]{{0,{_LONGEST_NUMBER - 1}}})", "-0123456789"),
):
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )


def _from_yaml(text: str, findings: list[Finding]) -> Any:
    try:
        node = yaml.compose(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        is_ours = type(error) is yaml.MarkedYAMLError
        problem = error.problem or error.context or ""
        kind = "" if is_ours else "is no YAML: "
        hint = "; indent by spaces, not by tabs" if "'\\t'" in problem else ""
        raise _refused(f"{place}{kind}{problem}{hint}") from None
    except yaml.YAMLError as error:
        raise _refused(str(error).splitlines()[0]) from None
    return None if node is None else _value_of(node, (), findings)


def _value_of(node: yaml.Node, path: tuple[str | int, ...], findings: list[Finding]) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value_of(item, (*path, at), findings) for at, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        members: dict[str, Any] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or not key.tag.endswith(":str"):
                written = key.value if isinstance(key, yaml.ScalarNode) else "…"
                message = f"line {line}: a key must be text; put {written!s:.40} in quotes"
                findings.append(Finding(path_to(path), message, "key_not_text"))
                continue
            if key.value in members:
                message = f"line {line}: this key stands here twice; only one can count"
                findings.append(Finding(path_to((*path, key.value)), message, "duplicate_key"))
            members[key.value] = _value_of(item, (*path, key.value), findings)
        return members
    kind = node.tag.rpartition(":")[2]
    if kind == "int":
        return int(node.value)
    return {"bool": node.value.lower() == "true", "null": None}.get(kind, node.value)


class _Members(dict[str, Any]):
    """A JSON object that remembers the keys it held twice."""

    def __init__(self, pairs: list[tuple[str, Any]]):
        super().__init__(pairs)
        times = Counter(key for key, _ in pairs)
        self.twice = {key for key, count in times.items() if count > 1}


def _from_json(text: str, findings: list[Finding]) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_Members,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_whole_number,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _refused(f"begins with {{ and so must be JSON; {place}: {error.msg}") from None
    except RecursionError:
        raise _refused(f"nested more than {DEEPEST_NESTING} levels") from None
    return _plain(value, (), findings)


def _plain(value: Any, path: tuple[str | int, ...], findings: list[Finding]) -> Any:
    if not isinstance(value, (list, _Members)):
        return value
    if len(path) > DEEPEST_NESTING:
        raise _refused(f"nested more than {DEEPEST_NESTING} levels")
    if isinstance(value, list):
        return [_plain(item, (*path, at), findings) for at, item in enumerate(value)]
    for key in value.twice:
        message = "this key stands here twice; only one can count"
        findings.append(Finding(path_to((*path, key)), message, "duplicate_key"))
    return {key: _plain(item, (*path, key), findings) for key, item in value.items()}


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > _LONGEST_NUMBER:
        _refuse_number(digits)
    return int(digits)


def _refuse_number(digits: str) -> NoReturn:
    raise _refused(f"{digits[:20]} is not a whole number of at most {_LONGEST_NUMBER} digits")


def _refused(message: str, reason: str = "unreadable") -> DocumentInvalid:
    return DocumentInvalid([Finding("", message, reason)])
