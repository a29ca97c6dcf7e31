"""What a request has about it, looked up once by whoever needs more than one thing of it.

Flask's ``request``, ``g`` and ``current_app`` are looked up anew at each use, five calls each: all
uses of a decision together cost as much as the signature of its token.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, current_app, g, request

#: Each returns the object itself; they raise RuntimeError where there is no request.
this_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]
this_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
#: What is kept until the request ends.
this_g: Callable[[], Any] = g._get_current_object
