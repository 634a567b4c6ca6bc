"""How a view of the API is written: the blueprint, the scope it needs, what its request carried."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import g
from flask_smorest import Blueprint as SmorestBlueprint

from care.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A part of the API."""

    def needs(self, scope: str) -> Callable[[View], View]:
        """The view wants a token with this scope; stands directly above the view."""

        def decorate(view: View) -> View:
            @wraps(view)
            def checked(*args: Any, **values: Any) -> Any:
                if scope not in g.token.scopes:
                    raise NotAllowed(scope)
                return view(*args, **values)

            documented: View = self.doc(security=[{"token": [scope]}])(checked)
            return documented

        return decorate
