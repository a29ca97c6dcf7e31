"""Lists of texts as one parameter of a statement, whatever their length.

The statement stays the same one: SQLAlchemy compiles it once, and the database prepares it once.
"""

from collections.abc import Collection
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _TextArray(sa.types.UserDefinedType[str]):
    """A parameter that PostgreSQL reads as an array once, before it plans.

    A cast of a text to an array would be done again for each row that is compared.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the name of the type."""
        return "TEXT[]"


class Texts(sa.types.TypeDecorator[Collection[str]]):
    """A list of texts as one text, whatever they hold: somebody may have changed an id."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose what the engine in use reads the text as."""
        return _TextArray() if dialect.name == "postgresql" else sa.Text()

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> str | None:
        """Write what :func:`among` and :func:`each_of` read."""
        if value is None:
            return None
        # One text costs the driver of PostgreSQL less than a list of them.
        return _literal(value) if dialect.name == "postgresql" else orjson.dumps([*value]).decode()


def _literal(texts: Collection[str]) -> str:
    """Return an array as PostgreSQL writes one."""
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') != 2 * max(0, len(texts) - 1):
        escaped = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
        joined = '","'.join(escaped)
    return f'{{"{joined}"}}' if texts else "{}"


class _Among(FunctionElement[Any]):
    # Of a Boolean, SQLAlchemy writes "= 1" for SQLite, which then looks into no index.
    type = sa.types.NullType()
    inherit_cache = True


class _Each(FunctionElement[str]):
    type = sa.Text()
    inherit_cache = True


def among(column: Any, texts: str | Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of some texts.

    :param texts: or the name of the parameter that holds them
    """
    return _Among(column, _parameter(texts))


def each_of(texts: str) -> sa.ColumnElement[str]:
    """Return a column with a row for each of some texts; the table is called like it.

    :param texts: the name of the parameter that holds them
    """
    return _Each(_parameter(texts)).table_valued("value", name="value").c.value


def _parameter(texts: str | Collection[str]) -> sa.BindParameter[Collection[str]]:
    if isinstance(texts, str):
        return sa.bindparam(texts, type_=Texts)
    return sa.bindparam(None, texts, type_=Texts, unique=True)


@compiles(_Among, "postgresql")
def _among_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    column, texts = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} = ANY ({texts})"


@compiles(_Among, "sqlite")
def _among_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    column, texts = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({texts}))"  # noqa: S608


@compiles(_Each, "postgresql")
def _each_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **how)})"


@compiles(_Each, "sqlite")
def _each_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"
