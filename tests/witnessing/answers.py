"""Witnesses that answer otherwise."""

from flask import Response


def an_answer(text, status=200):
    return lambda: Response(text, status)
