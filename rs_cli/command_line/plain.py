"""Values of the command line that need no pydantic: text, numbers, flags and lists of text.

Typer (0.29) converts each value through a pydantic adapter, and loads pydantic for it: 70 ms, a third of a short verb's
whole life. A plain parameter converts what is plainly right itself; whatever is not (a wrong number, one out of
range, a type that is not known here) goes on to Typer, which words the error. With a Typer that has no adapters nothing
changes. Only what Click calls public of a parameter is overridden.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer.core import TyperArgument, TyperOption

_UNSURE = object()


def make_plain(command: Any) -> None:
    """Every parameter of `command`, made by Typer, and of the commands below it. `--help` and the completion's options
    are added when they are first asked for, so they are met there."""
    command.get_params = _Params(command.get_params)
    for below in getattr(command, "commands", {}).values():
        make_plain(below)


class _Params:
    """A command's parameters, the same objects each time: Click compares them."""

    def __init__(self, typers: Callable[[Any], list[Any]]) -> None:
        self._typers = typers
        self._known: dict[int, tuple[Any, Any]] = {}  # by the id of Typer's, which is kept beside ours

    def __call__(self, ctx: Any) -> list[Any]:
        return [self._known.setdefault(id(p), (p, _plain(p)))[1] for p in self._typers(ctx)]


def _plain(parameter: Any) -> Any:
    alikes: dict[Any, Any] = {TyperOption: _PlainOption, TyperArgument: _PlainArgument}
    kind = alikes.get(type(parameter))
    if kind is None or not hasattr(parameter, "type_descriptor"):
        return parameter
    alike = kind.__new__(kind)
    alike.__dict__.update(parameter.__dict__)
    return alike


def plainly(annotation: Any, value: Any, low: float | None = None, high: float | None = None) -> Any:
    """`value`, as Click hands it on, as an `annotation`; `_UNSURE` when that is not plain."""
    if annotation == list[str]:
        texts = () if value is None else value
        good = isinstance(texts, list | tuple) and all(isinstance(item, str) for item in texts)
        return (list(texts) or ()) if good else _UNSURE
    if value is None:
        return None
    if annotation is str or annotation is bool:
        return value if isinstance(value, annotation) else _UNSURE
    if annotation is int or annotation is float:
        return _number(annotation, value, low, high)
    return _UNSURE


def _number(annotation: type[int] | type[float], value: Any, low: float | None, high: float | None) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.replace(".", "", 1).isdigit()):
        return _UNSURE
    try:
        number = annotation(value)
    except (TypeError, ValueError):
        return _UNSURE
    in_range = (low is None or number >= low) and (high is None or number <= high)
    return number if in_range else _UNSURE


class _Plain:
    def process_value(self, ctx: Any, value: Any) -> Any:
        this: Any = self
        descriptor = this.type_descriptor
        about = descriptor.parameter_info
        special = getattr(about, "parser", None) or getattr(about, "click_type", None)
        found = _UNSURE if special else plainly(descriptor.annotation, value, about.min, about.max)
        if found is _UNSURE or (this.required and this.value_is_missing(found)):
            return super().process_value(ctx, value)  # type: ignore[misc]  # of the Typer class beside
        return found if this.callback is None else this.callback(ctx, this, found)


class _PlainOption(_Plain, TyperOption):
    pass


class _PlainArgument(_Plain, TyperArgument):
    pass
