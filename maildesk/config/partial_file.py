"""Builds a draft from an invalid file, so that its other values can still be checked."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeVar, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from maildesk.config.error_messages import command_context, fields_of, part_of
from maildesk.config.schema.part import Part
from maildesk.config.schema.settings import Secret
from maildesk.config.toml_positions import KeyPath

P = TypeVar("P", bound=Part)

_NOTHING = object()


def draft(data: dict[str, Any], model: type[P], errors: Sequence[ErrorDetails]) -> P | None:
    """The model without the invalid values, or None if it is not valid without them."""
    data = deepcopy(data)
    for error in errors:
        _repair(data, model, error["loc"])
    try:
        return model.model_validate(data)
    except ValidationError:
        return None


def _repair(data: Any, model: type[Part], path: KeyPath) -> None:
    """Remove the value, or replace it by an empty one. Lists keep their length and order."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    try:
        for key in path[:-1]:
            data = data[key]
        data.pop(path[-1], None)
    except (LookupError, TypeError, AttributeError):
        return  # the surrounding value is already removed
    blank = _blank_of(model, path)
    if blank is not _NOTHING:
        data[path[-1]] = blank


def _blank_of(model: type[Part], path: KeyPath) -> Any:
    part = command_context(model, path)
    field = fields_of(part).get(str(path[-1])) if part else None
    return _blank(field.annotation) if field and field.is_required() else _NOTHING


def _blank(kind: Any) -> Any:
    if kind in (str, int):
        return kind()
    if get_origin(kind) is dict:
        return {}
    if kind is Secret:
        return {"env": ""}
    if get_origin(kind) is None and (part := part_of(kind)):
        fields = fields_of(part).items()
        return {key: _blank(field.annotation) for key, field in fields if field.is_required()}
    return _NOTHING
