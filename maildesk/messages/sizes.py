"""Sizes in bytes in the reader's language."""

from maildesk.messages.translator import Translator


def spoken_size(size: int, reader: Translator) -> str:
    """A size in bytes for people: "14 kB"."""
    for unit, bytes_ in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= bytes_:
            return f"{size / bytes_:.{int(size < 10 * bytes_)}f} {unit}"
    return reader.text("page.bytes", count=size)
