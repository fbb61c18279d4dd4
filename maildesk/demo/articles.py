"""The knowledge articles of the demo: Markdown files that are read at the start."""

from dataclasses import dataclass
from importlib.resources import files

from markdown_it import MarkdownIt
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Article:
    """An article. `slug` is its name in the address."""

    slug: str
    title: str
    html: Markup


def read_articles() -> dict[str, Article]:
    """All articles by slug, in the order of their titles."""
    # With "html": False, a tag in an article is shown as text.
    markdown = MarkdownIt("commonmark", {"html": False})
    found = []
    for file in files("maildesk.demo").joinpath("articles").iterdir():
        title, _, text = file.read_text("utf-8").partition("\n")
        slug = file.name.removesuffix(".md")
        found.append(Article(slug, title.removeprefix("# "), Markup(markdown.render(text))))
    return {article.slug: article for article in sorted(found, key=lambda one: one.title)}
