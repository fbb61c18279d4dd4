"""The language files: each one is used, and a wrong one is refused with its place."""

import re
from dataclasses import fields

import pytest

from maildesk.ingest.content import quoting
from maildesk.ingest.languages import WORDS, LanguageError, load
from maildesk.ingest.languages.loader import language_files

# A line that announces a quote, and the words in it that only this language's file knows.
ROWS = {
    "ar": ("في الاثنين، 3 فبراير 2025 في 9:00 ص تمت كتابة:", "كتابة"),
    "bg": ("На пн, 3.02.2025 г. в 9:00 ч. Ann Archer написа:", "написа"),
    "ca": ("Missatge de Ann Archer del dia dl., 3 de febr. 2025 a les 9:00:", "del dia"),
    "cs": ("Dne 03. 02. 25 v 9:00 Ann Archer napsal:", "napsal"),
    "da": ("-----Oprindelig meddelelse-----", "oprindelig meddelelse"),
    "de": ("Am 03.02.2025 um 09:00 schrieb Ann Archer:", "schrieb"),
    "el": ("Στις Δευ 3 Φεβ 2025 στις 9:00 π.μ., ο/η Ann Archer έγραψε:", "έγραψε"),
    "en": ("On 03/02/2025 09:00, Ann Archer wrote:", "wrote"),
    "es": ("El 3/2/25 a las 9:00, Ann Archer escribió:", "escribió"),
    "et": ("Kuupäev E, 3. veebruar 2025 kell 09:00 kirjutas Ann Archer:", "kirjutas"),
    "fi": ("3.2.2025 klo 9.00 Ann Archer kirjoitti:", "kirjoitti"),
    "fr": ("Le 03/02/2025 à 09:00, Ann Archer a écrit :", "a écrit"),
    "he": ("בתאריך יום ב׳, 3 בפבר׳ 2025 ב-9:00 מאת Ann:", "מאת"),
    "hr": ("Dana 3. velj 2025. u 09:00 Ann Archer napisao je:", "napisao je"),
    "hu": ("2025. febr. 3., 9:00, Ann Archer írta:", "írta"),
    "id": ("Pada Sen, 3 Feb 2025 pukul 09.00 Ann Archer menulis:", "menulis"),
    "is": ("3. feb. 2025 kl. 9:00 skrifaði Ann Archer:", "skrifaði"),
    "it": ("Il 03/02/2025 09:00, Ann Archer ha scritto:", "ha scritto"),
    "ja": ("2025/02/03 9:00、Ann Archerのメール:", "のメール"),
    "ko": ("2025. 2. 3. 오전 9:00, Ann Archer 작성:", "작성"),
    "lt": ("2025-02-03, pr, 09:00 Ann Archer rašė:", "rašė"),
    "lv": ("Pirmd., 2025. g. 3. febr., plkst. 09:00 — lietotājs Ann rakstīja:", "rakstīja"),
    "nl": ("Op 03-02-2025 om 09:00 schreef Ann Archer:", "schreef"),
    "no": ("-----Opprinnelig melding-----", "opprinnelig melding"),
    "pl": ("W dniu 3.02.2025 o 09:00, Ann Archer pisze:", "pisze"),
    "pt": ("Em 03/02/2025 09:00, Ann Archer escreveu:", "escreveu"),
    "ro": ("Pe 3 feb. 2025, la 09:00, Ann Archer a scris:", "a scris"),
    "ru": ("03.02.2025 09:00, Ann Archer пишет:", "пишет"),
    "sk": ("3. 2. 2025 o 9:00 Ann Archer napísal:", "napísal"),
    "sl": ("3. feb. 2025 ob 09:00 je oseba Ann Archer napisala:", "napisala"),
    "sv": ("-----Ursprungligt meddelande-----", "ursprungligt meddelande"),
    "th": ("3 ก.พ. 2025 เวลา 09:00 Ann <ann@example.com> เขียนว่า:", "เขียนว่า"),
    "tr": ("3 Şub 2025 09:00 tarihinde Ann Archer yazdı:", "yazdı"),
    "uk": ("3 лют. 2025 р. о 09:00 Ann Archer пише:", "пише"),
    "vi": ("Vào 9:00 T2, 3 thg 2, 2025 Ann Archer đã viết:", "đã viết"),
    "zh": ("在 2025年2月3日，09:00，Ann Archer 写道：", "写道"),
}
FILES = language_files()


def announces_quote(line: str) -> bool:
    return quoting.original(line) or quoting.attribution([line], 0)[0] > 0


def test_each_language_file_has_a_row() -> None:
    assert FILES.keys() == ROWS.keys()


@pytest.mark.parametrize(("code", "line", "words"), [(k, *v) for k, v in ROWS.items()], ids=ROWS)
def test_each_language_file_is_used(code: str, line: str, words: str) -> None:
    assert [name for name, text in FILES.items() if f'"{words}"' in text] == [code]
    assert announces_quote(line)
    assert not announces_quote(re.sub(re.escape(words), "xxxxx", line, flags=re.IGNORECASE))


def test_every_key_is_used_by_a_language() -> None:
    tables = {table.name: getattr(WORDS, table.name) for table in fields(WORDS)}
    empty = [
        f"{name}.{key.name}"
        for name, table in tables.items()
        for key in fields(table)
        if not getattr(table, key.name)
    ]
    assert empty == []


WRONG = {
    "no TOML": ("name = ", "xx.toml: "),
    "no name": ("[thanks]\nthank = 'danke'", "xx.toml: name: expected the language's name"),
    "unknown table": ("name = 'X'\n[thank]", "xx.toml: unknown key 'thank'"),
    "no table": ("name = 'X'\nthanks = 'danke'", "xx.toml: thanks: expected a table, [thanks]"),
    "unknown key": ("name = 'X'\n[thanks]\nthx = 'x'", "xx.toml: thanks: unknown key 'thx'"),
    "words in an array": ("name = 'X'\n[thanks]\nthank = ['x']", "thanks.thank: expected a string"),
    "no words": ("name = 'X'\n[thanks]\nthank = ' '", "thanks.thank: expected a string of words"),
    "phrases in a string": (
        "name = 'X'\n[header_labels]\nfrom = 'von'",
        "xx.toml: header_labels.from: expected an array of strings",
    ),
    "blank phrase": ("name = 'X'\n[header_labels]\nto = ['']", "to: expected strings that are not"),
    "broken pattern": ("name = 'X'\n[bounces]\nsoft = ['(']", "'(' is not a regular expression"),
    "capturing group": ("name = 'X'\n[bounces]\nsoft = ['(a)']", "'(a)' has a capturing group"),
    "matches nothing": ("name = 'X'\n[bounces]\nsoft = ['a?']", "'a?' matches the empty text"),
    "unknown place": ("name = 'X'\n[unsolved]\nsentences = ['{nouns} fail']", "only {verbs} and"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LanguageError, match=re.escape(message)):
        load({"xx": text})


def test_languages_are_merged_without_repetition() -> None:
    texts = {
        "aa": "name = 'A'\n[thanks]\nthank = 'Danke GRÜSSE'\n[bounces]\nsoft = ['full', 'spam']",
        "bb": "name = 'B'\n[thanks]\nthank = 'danke'\n[bounces]\nsoft = ['spam', 'virus']",
    }
    words = load(texts)
    assert words.thanks.thank == {"danke", "grüsse"}
    assert words.bounces.soft.either == "full|spam|virus"


def test_a_key_without_words_matches_no_text() -> None:
    pattern = load({"aa": "name = 'A'"}).bounces.soft.either
    assert re.search(pattern, "") is None
    assert re.search(pattern, "anything") is None
