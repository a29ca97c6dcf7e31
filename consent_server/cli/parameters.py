"""What a command takes in the form that the HTTP interface takes it in."""

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
