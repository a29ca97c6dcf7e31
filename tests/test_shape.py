"""The shape of the code: sizes, names and docstrings that let a file be read in one sitting."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "lib", "core"}
#: Lines of a file, lines of a function.
SERVICE, TESTS, TYPESCRIPT = (300, 50), (400, 60), (200, 50)
#: One file, so that it can be copied and run alone.
VERIFIER = "consent_server/verification.py"
#: Made by a tool; nobody reads them line by line.
GENERATED = re.compile(
    r"(^|/)(package-lock\.json|requirements[\w-]*\.txt|openapi\.json|sbom\.cdx\.json)$|^consent_server/.*/static/"
)
MACHINE_PATH = re.compile(r"""(?<![\w.:/])/(home|Users|root|work|tmp|mnt|opt)/[\w.-]+/[\w.-]+""")
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def _committed(*suffixes: str) -> list[str]:
    """Paths of the files that are or will be committed, from the root of the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    return sorted(name for name in names if not suffixes or name.endswith(suffixes))


#: A migration is a list of statements and never edited again: it may be as long as it is.
PYTHON = [name for name in _committed(".py") if not name.startswith("migrations/versions/")]
TYPESCRIPT_FILES = [name for name in _committed(".ts", ".mjs") if name.startswith("widget/")]
PRODUCT = [name for name in PYTHON if not name.startswith("tests/")]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _limits(name: str) -> tuple[int, int]:
    if name == VERIFIER:
        return 1980, SERVICE[1]
    return TESTS if name.startswith("tests/") else SERVICE


@pytest.mark.parametrize("name", PYTHON)
def test_a_python_file_and_its_functions_are_short(name):
    longest_file, longest_function = _limits(name)
    source = _read(name)

    long_functions = [
        f"{node.name}, line {node.lineno}: {size} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > longest_function
    ]

    assert long_functions == []
    assert len(source.splitlines()) <= longest_file


@pytest.mark.parametrize("name", TYPESCRIPT_FILES)
def test_a_typescript_file_and_its_functions_are_short(name):
    longest_file, longest_function = TYPESCRIPT
    lines = _read(name).splitlines()
    if "/test/" in name:
        longest_file, longest_function = TESTS

    assert list(_long_blocks(lines, longest_function)) == []
    assert len(lines) <= longest_file


def _long_blocks(lines: list[str], longest: int) -> Iterator[str]:
    """Functions with too many lines of their own: a factory holds others as a class does."""
    blocks = list(_blocks(lines))
    for start, end in blocks:
        inner = {
            line
            for first, last in blocks
            if start < first and last < end
            for line in range(first, last + 1)
        }
        own = end - start + 1 - len(inner)
        if own > longest:
            yield f"line {start + 1}: {own} lines"


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each function, by indentation: up to the brace below its start."""
    opens = re.compile(r"^(\s*)(export )?(default )?(async )?function\b|^(\s*).*=>\s*\{$")
    for start, line in enumerate(lines):
        if not opens.match(line) or line.lstrip().startswith(("describe(", "//", "*")):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        closing = (i for i in range(start + 1, len(lines)) if lines[i].startswith(f"{indent}}}"))
        yield start, next(closing, start)


@pytest.mark.parametrize("name", PRODUCT)
def test_every_module_public_class_and_public_function_says_what_it_is(name):
    tree = ast.parse(_read(name))

    silent = [what for what, node in _public(tree) if not ast.get_docstring(node)]

    assert silent == []


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef]]:
    """The module, its public classes and functions, and the public methods of these classes.

    The schema of a request or an answer describes itself by its fields; ``Meta`` is its notation.
    """
    yield "module", tree
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not _is_understood(inner):
                    yield f"{node.name}.{inner.name}", inner


def _is_understood(method: ast.FunctionDef) -> bool:
    """Private and special methods, and those that take over a documented one, need no words."""
    names = {ast.unparse(decorator).split("(")[0] for decorator in method.decorator_list}
    overrides = names & {"override", "typing.override"} or any("ma." in name for name in names)
    return method.name.startswith("_") or bool(overrides)


def test_no_module_has_a_name_that_says_nothing():
    vague = [name for name in PYTHON + TYPESCRIPT_FILES if VAGUE_NAMES & set(_words(name))]

    assert vague == []


def _words(name: str) -> list[str]:
    return [part.partition(".")[0] for part in Path(name).parts]


def test_a_feature_is_entered_by_its_service_not_by_its_routes():
    trespasses = [
        f"{name}: {module}"
        for name in PRODUCT
        if name.startswith("consent_server/") and name.count("/") > 1
        for module in _imported(ast.parse(_read(name)))
        if (parts := module.split("."))[:1] == ["consent_server"]
        and len(parts) > 2
        and parts[1] != name.split("/")[1]
        and ({"routes", "schemas"} & set(parts) or any(p.startswith("_") for p in parts))
    ]

    assert trespasses == []


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_committed_file_names_a_path_of_one_machine():
    found = _lines_that(MACHINE_PATH.search)

    assert found == []


def test_nothing_is_left_for_later_in_a_comment():
    found = _lines_that(LEFT_OVER.search)

    assert found == []


def _lines_that(match) -> list[str]:
    own = f"tests/{Path(__file__).name}"
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name in _committed()
        if name != own and not GENERATED.search(name)
        for number, line in enumerate(_text_lines(name), 1)
        if match(line)
    ]


def _text_lines(name: str) -> list[str]:
    content = (ROOT / name).read_bytes()
    return [] if b"\0" in content else content.decode("utf-8").splitlines()
