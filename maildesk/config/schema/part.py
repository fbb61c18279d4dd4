"""The base class and the types that all configuration tables share."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_many)]


class Part(BaseModel):
    """A table of the configuration. Frozen; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
