"""What commands take: texts as the HTTP interface takes them, and files to be written."""

from pathlib import Path

import click
import marshmallow as ma


class FieldParameter(click.ParamType[str]):
    """A text that a field reads; what the field refuses is a usage error in its words."""

    def __init__(self, field: ma.fields.Field[str], name: str):
        """:param name: what stands for it in ``--help``"""
        self.name = name
        self._field = field

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read the text or end with a usage error."""
        try:
            return str(self._field.deserialize(str(value)))
        except ma.ValidationError as error:
            self.fail(str(error.messages[0]), param, ctx)


def require_free(output: Path, *, force: bool) -> None:
    """Check that a file may be written: it is not there, or may be replaced.

    :raises click.UsageError: it is there and there is no ``--force``, or it is a link, a device or
        a pipe, which a file would take the place of
    """
    if output.is_symlink():
        raise click.UsageError(f"{output} is a link; name what it leads to")
    if not output.exists():
        return
    if not output.is_file():
        raise click.UsageError(f"{output} is no regular file")
    if not force:
        raise click.UsageError(f"{output} exists; --force overwrites it")
