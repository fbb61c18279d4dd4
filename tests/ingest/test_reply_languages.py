"""How mail programs of the world announce a quote, above, below and between what a person wrote."""

import time

import pytest

from maildesk.ingest.content.reply import reply_text

ATTRIBUTIONS = {
    "en": [
        "On Mon, Feb 3, 2025 at 9:00 AM Ann Archer <ann@example.com> wrote:",
        "On 03/02/2025 09:00, Ann Archer wrote:",
        "On 3 Feb 2025, at 09:00, Ann Archer <ann@example.com> wrote:",
        "Ann Archer <ann@example.com> wrote on 3 Feb 2025:",
    ],
    "de": [
        "Am Mo., 3. Feb. 2025 um 09:00 Uhr schrieb Ann Archer <ann@example.com>:",
        "Am 03.02.2025 um 09:00 schrieb Ann Archer:",
        "Am 3. Februar 2025 09:00:12 MEZ schrieb Ann Archer <ann@example.com>:",
    ],
    "fr": [
        "Le lun. 3 févr. 2025 à 09:00, Ann Archer <ann@example.com> a écrit :",
        "Le 03/02/2025 à 09:00, Ann Archer a écrit :",
    ],
    "es": [
        "El lun, 3 feb 2025 a las 9:00, Ann Archer (<ann@example.com>) escribió:",
        "El 3/2/25 a las 9:00, Ann Archer escribió:",
    ],
    "it": [
        "Il giorno lun 3 feb 2025 alle ore 09:00 Ann Archer <ann@example.com> ha scritto:",
        "Il 03/02/2025 09:00, Ann Archer ha scritto:",
    ],
    "pt": [
        "Em seg., 3 de fev. de 2025 às 09:00, Ann Archer <ann@example.com> escreveu:",
        "Em 03/02/2025 09:00, Ann Archer escreveu:",
    ],
    "nl": [
        "Op ma 3 feb 2025 om 09:00 schreef Ann Archer <ann@example.com>:",
        "Op 03-02-2025 om 09:00 schreef Ann Archer:",
    ],
    "sv": [
        "Den mån 3 feb. 2025 kl 09:00 skrev Ann Archer <ann@example.com>:",
        "Den 2025-02-03 kl. 09:00, skrev Ann Archer:",
    ],
    "da": [
        "Den man. 3. feb. 2025 kl. 09.00 skrev Ann Archer <ann@example.com>:",
        "Den 03.02.2025 kl. 09.00 skrev Ann Archer:",
    ],
    "no": [
        "man. 3. feb. 2025 kl. 09:00 skrev Ann Archer <ann@example.com>:",
        "Den 03.02.2025 09:00, skrev Ann Archer:",
    ],
    "fi": [
        "ma 3. helmik. 2025 klo 9.00 Ann Archer (ann@example.com) kirjoitti:",
        "Ann Archer <ann@example.com> kirjoitti 3.2.2025 kello 9.00:",
        "Ann Archer kirjoitti 3.2.2025 klo 9.00:",
    ],
    "pl": [
        "pon., 3 lut 2025 o 09:00 Ann Archer <ann@example.com> napisał(a):",
        "W dniu 3.02.2025 o 09:00, Ann Archer pisze:",
        "Dnia 3 lutego 2025 09:00 Ann Archer <ann@example.com> napisał(a):",
    ],
    "cs": [
        "po 3. 2. 2025 v 9:00 odesílatel Ann Archer <ann@example.com> napsal:",
        "Dne 03. 02. 25 v 9:00 Ann Archer napsal(a):",
    ],
    "sk": [
        "po 3. 2. 2025 o 9:00 Ann Archer <ann@example.com> napísal(a):",
    ],
    "ru": [
        "пн, 3 февр. 2025 г. в 09:00, Ann Archer <ann@example.com>:",
        "03.02.2025 09:00, Ann Archer пишет:",
        "3 февраля 2025 г., в 9:00, Ann Archer <ann@example.com> написал(а):",
    ],
    "uk": [
        "пн, 3 лют. 2025 р. о 09:00 Ann Archer <ann@example.com> пише:",
    ],
    "tr": [
        "Ann Archer <ann@example.com>, 3 Şub 2025 Pzt, 09:00 tarihinde şunu yazdı:",
        "3 Şub 2025 09:00 tarihinde Ann Archer <ann@example.com> şunları yazdı:",
    ],
    "hu": [
        "Ann Archer <ann@example.com> ezt írta (időpont: 2025. febr. 3., H, 9:00):",
    ],
    "ro": [
        "În lun., 3 feb. 2025 la 09:00, Ann Archer <ann@example.com> a scris:",
        "Pe 3 feb. 2025, la 09:00, Ann Archer <ann@example.com> a scris:",
    ],
    "el": [
        "Στις Δευ 3 Φεβ 2025 στις 9:00 π.μ., ο/η Ann Archer <ann@example.com> έγραψε:",
    ],
    "vi": [
        "Vào 9:00 T2, 3 thg 2, 2025 Ann Archer <ann@example.com> đã viết:",
    ],
    "ja": [
        "2025年2月3日(月) 9:00 Ann Archer <ann@example.com>:",
        "2025/02/03 9:00、Ann Archer <ann@example.com>のメール:",
    ],
    "zh": [
        "Ann Archer <ann@example.com> 于2025年2月3日周一 09:00写道：",
        "在 2025年2月3日，09:00，Ann Archer <ann@example.com> 写道：",
        "Ann Archer <ann@example.com> 於 2025年2月3日 週一 上午9:00寫道：",
    ],
    "ko": [
        "2025년 2월 3일 (월) 오전 9:00, Ann Archer <ann@example.com>님이 작성:",
        "2025. 2. 3. 오전 9:00, Ann Archer <ann@example.com> 작성:",
    ],
    "he": [
        "\u202bבתאריך יום ב׳, 3 בפבר׳ 2025 ב-9:00 מאת \u202aAnn\u202c\u200f "
        "<\u202aann@example.com\u202c\u200f>:\u202c",
    ],
    "ar": [
        "في الاثنين، 3 فبراير 2025 في 9:00 ص تمت كتابة ما يلي بواسطة Ann "
        "<\u202aann@example.com\u202c\u200f>:",
    ],
    "hr": [
        "pon, 3. velj 2025. u 09:00 Ann Archer <ann@example.com> napisao je:",
    ],
    "sl": [
        "V V pon., 3. feb. 2025 ob 09:00 je oseba Ann Archer <ann@example.com> napisala:",
    ],
    "ca": [
        "Missatge de Ann Archer <ann@example.com> del dia dl., 3 de febr. 2025 a les 9:00:",
    ],
    "et": [
        "Kuupäev E, 3. veebruar 2025 kell 09:00 kirjutas Ann Archer (<ann@example.com>):",
    ],
    "lt": [
        "2025-02-03, pr, 09:00 Ann Archer <ann@example.com> rašė:",
    ],
    "lv": [
        "pirmd., 2025. g. 3. febr., plkst. 09:00 — lietotājs Ann (<ann@example.com>) rakstīja:",
    ],
    "bg": [
        "На пн, 3.02.2025 г. в 9:00 ч. Ann Archer <ann@example.com> написа:",
    ],
    "id": [
        "Pada Sen, 3 Feb 2025 pukul 09.00 Ann Archer <ann@example.com> menulis:",
    ],
    "th": [
        "ในวันที่ จ. 3 ก.พ. 2025 เวลา 09:00 Ann Archer <ann@example.com> เขียนว่า:",
    ],
}
LINES = [line for lines in ATTRIBUTIONS.values() for line in lines]

# the words before From, Sent, To and Subject in the block that Outlook puts above a quote
HEADINGS = {
    "en": "From|Sent|To|Subject",
    "de": "Von|Gesendet|An|Betreff",
    "fr": "De|Envoyé|À|Objet",
    "es": "De|Enviado el|Para|Asunto",
    "it": "Da|Inviato|A|Oggetto",
    "pt": "De|Enviada|Para|Assunto",
    "nl": "Van|Verzonden|Aan|Onderwerp",
    "sv": "Från|Skickat|Till|Ämne",
    "da": "Fra|Sendt|Til|Emne",
    "no": "Fra|Sendt|Til|Emne",
    "fi": "Lähettäjä|Lähetetty|Vastaanottaja|Aihe",
    "pl": "Od|Wysłano|Do|Temat",
    "cs": "Od|Odesláno|Komu|Předmět",
    "sk": "Od|Odoslané|Komu|Predmet",
    "hu": "Feladó|Elküldve|Címzett|Tárgy",
    "ro": "De la|Trimis|Către|Subiect",
    "tr": "Kimden|Gönderildi|Kime|Konu",
    "ru": "От|Отправлено|Кому|Тема",
    "uk": "Від|Надіслано|Кому|Тема",
    "el": "Από|Στάλθηκε|Προς|Θέμα",
    "ja": "差出人|送信日時|宛先|件名",
    "zh": "发件人|发送时间|收件人|主题",
    "zh-tw": "寄件者|寄件日期|收件者|主旨",
    "ko": "보낸 사람|보낸 날짜|받는 사람|제목",
    "hr": "Šalje|Poslano|Prima|Predmet",
    "sl": "Od|Poslano|Za|Zadeva",
    "bg": "От|Изпратено|До|Относно",
    "lt": "Nuo|Išsiųsta|Kam|Tema",
    "et": "Saatja|Saadetud|Adressaat|Teema",
    "he": "מאת|נשלח|אל|נושא",
    "ar": "من|تاريخ الإرسال|إلى|الموضوع",
    "vi": "Từ|Đã gửi|Đến|Chủ đề",
    "ca": "De|Enviat|Per a|Assumpte",
    "th": "จาก|ส่ง|ถึง|เรื่อง",
}
STYLES = ["{}: {}", "*{}:* {}", "{} : {}", "{}：{}"]


@pytest.mark.parametrize("line", LINES)
def test_an_attribution_ends_what_was_written_above_it(line: str) -> None:
    quote = "> Have you\n> tried?\n"
    assert reply_text(f"It works.\nThank you.\n\n{line}\n{quote}") == "It works.\nThank you."


@pytest.mark.parametrize("line", LINES)
def test_an_answer_below_the_quote_is_found(line: str) -> None:
    assert reply_text(f"{line}\n> Have you\n> tried?\n\nIt works.\n") == "It works."


@pytest.mark.parametrize("line", LINES)
def test_answers_between_the_quotes_are_kept_with_them(line: str) -> None:
    text = reply_text(f"{line}\n> Is it on?\n\nIt is.\n\n> And plugged in?\n\nThat, too.")
    for kept in ("> Is it on?", "It is.", "> And plugged in?", "That, too."):
        assert kept in text


@pytest.mark.parametrize("line", [line for line in LINES if "@" in line])
def test_one_with_an_address_needs_no_marks_below_it(line: str) -> None:
    assert reply_text(f"It works.\n\n{line}\n\nHave you tried?\n") == "It works."


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("language", HEADINGS)
def test_a_header_block_ends_what_was_written_above_it(language: str, style: str) -> None:
    said = ["Ann <ann@example.com>", "Monday 09:00", "Rita <rita@example.org>", "RE: Printer"]
    words = HEADINGS[language].split("|")
    block = "\n".join(style.format(*pair) for pair in zip(words, said, strict=True))
    for rule in ("", "________________________________\n"):
        text = f"It works.\nThank you.\n\n{rule}{block}\n\nHave you tried?\n"
        assert reply_text(text) == "It works.\nThank you."


@pytest.mark.parametrize(
    "text",
    [
        # a person's list is no header of a mail: it has no address, and not all of the fields
        "Please book:\n\nDate: 3 May\nTo: Paris\nSubject: a fair",
        "Please book:\n\nFrom: London\nTo: Paris\nSubject: a fair",
        # no date in the line above the attribution: it is the person's
        "Am heutigen Tage",
        "Sent from my desk, it is quicker than by phone.",
        "Hello.\n\nSent from my desk, is much easier.",
        # above a heading nothing was written: then what is below it is the mail
        "Od: Jan <jan@example.com>\nTemat: Test\n\nJak leci?\n\nJan",
        "-----Original Message-----\nFrom: a@example.org\nSubject: s\n\ntext",
        "-------- Пересылаемое сообщение --------\nОт кого: a@example.org\nТема: s\n\nтекст",
    ],
)
def test_no_line_of_a_person_is_lost(text: str) -> None:
    assert reply_text(text) == text


def test_the_line_above_an_attribution_is_no_part_of_it() -> None:
    line = "Am So., 1. Jan. 2023 um 17:22 Uhr schrieb Ann <\nann@example.com>:"
    assert reply_text(f"Am heutigen Tage\n{line}\n\n> Und?\n") == "Am heutigen Tage"


@pytest.mark.parametrize(
    "line", ["On 1 May 2025", "From: a@b", "Am Mo", "Sent from my", "a@b:", "--"]
)
def test_its_time_is_linear(line: str) -> None:
    def seconds(count: int) -> float:
        text = f"{line}\n" * count
        started = time.process_time()
        reply_text(text)
        return time.process_time() - started

    seconds(100)
    assert seconds(20_000) < 0.5 + 8 * seconds(5_000)
