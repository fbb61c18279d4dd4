"""The words by which incoming mail is understood: data, one TOML file per language.

`WORDS` holds the words of all languages together, since nobody says in which language a mail is
written. It is read once, when the first module that needs it is imported.

To add a language, add `<ISO 639-1 code>.toml` here and a row to
tests/ingest/test_languages.py. The keys and what each of them does are in `schema`; every key is
optional. `load` refuses a file with an unknown key, a broken pattern or an empty value.
"""

from maildesk.ingest.languages.loader import LanguageError, load

__all__ = ["WORDS", "LanguageError", "load"]

WORDS = load()
