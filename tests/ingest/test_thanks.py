"""Thanks and nothing else: who says one word more is heard as somebody who says something."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.intent.thanks import is_thanks


@pytest.mark.parametrize(
    "text",
    [
        "Thanks",
        "Thank you!",
        "thx",
        "Yes, thanks.",
        "Thanks Ann!",
        "Hi Ann,\n\nThank you very much, it works now.\n\nBest regards\nRita Ray\nExample Ltd",
        "Thanks a lot for your quick help!\nRita",
        "👍",
        "Vielen Dank, läuft wieder.\nMfG\nRita Ray",
        "Hallo Frau Müller,\nherzlichen Dank für die schnelle Hilfe!\n\nViele Grüße\nRita",
        "Merci beaucoup pour votre aide !",
        "Muchas gracias por su ayuda.",
        "Grazie mille, ora funziona.",
        "Muito obrigada pela ajuda!",
        "Hartelijk bedankt, alles werkt weer.",
        "Tack så mycket för hjälpen!",
        "Mange tak for hjælpen",
        "Tusen takk for hjelpen!",
        "Kiitos paljon!",
        "Dziękuję bardzo za szybką pomoc.",
        "Děkuji, už to funguje.",
        "Большое спасибо за помощь!",
        "Çok teşekkür ederim",
        "田中様\nどうもありがとうございました。よろしくお願いいたします。",
        "非常感谢您的帮助！",
    ],
)
def test_this_is_thanks(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes",  # polite, but nobody is thanked
        "Thanks?",
        "Thanks, but it still does not work.",
        "Thank you. The printer is broken again.",  # no `but`, no `not`: unknown words
        "Thanks. Broken!",
        "Thanks in advance",  # begins a request
        "Thanks for nothing",
        "No thanks",
        "Thank you for the 3 mails",
        "Thank you :-(",
        "Thanks 👎",
        "Thanks\n\nRegards\nRita\nPS: it is broken again",
        "Thanks\n\nRegards\nRita\nBut see below",
        "Danke, aber es geht nicht.",
        "Danke im Voraus",
        "Merci, mais ça ne marche pas",
        "Merci, ça ne marche plus",
        "Gracias, pero no funciona",
        "Grazie, ma non funziona",
        "Obrigado, mas não funciona",
        "Bedankt, maar het werkt niet",
        "Tack, men det fungerar inte",
        "Tak, men det virker ikke",
        "Takk, men det virker ikke",
        "Kiitos, mutta se ei toimi",
        "Dziękuję, ale nie działa",
        "Děkuji, ale nefunguje to",
        "Спасибо, но не работает",
        "Teşekkürler ama çalışmıyor",
        "ありがとうございます。まだ動きません。",
        "谢谢，但是还是不行",
        "谢谢。请再看一下",
        "Thank you very much " * 10,  # more than two dozen words are no short thanks
    ],
)
def test_this_says_more(text: str) -> None:
    assert not is_thanks(text)


@given(st.text(max_size=700))
def test_no_text_makes_it_raise(text: str) -> None:
    is_thanks(text)


@pytest.mark.parametrize("piece", ["様", "thanks ", "\n", "a-'", "Hi ", "ありがとう"])
def test_its_time_is_bounded(piece: str) -> None:
    started = time.process_time()
    is_thanks(piece * 200)
    is_thanks(piece * 200_000)
    assert time.process_time() - started < 0.1
