"""answers.toml: ready texts."""

from pydantic import Field

from maildesk.config.schema.part import Part


class ReadyText(Part):
    """A text that agents insert into their answers by name."""

    name: str = Field(description="name, used by #template or #kb")
    text: str = Field(min_length=1, description="text that replaces the command")


class Answers(Part):
    """answers.toml"""

    template: tuple[ReadyText, ...] = Field((), description="prepared answers, for #template")
    article: tuple[ReadyText, ...] = Field((), description="articles, for #kb")
