"""Twenty mails of different people and programs, with files both ways, on real mail servers.

At the end a table says who read what; every text and every file is in a mail that its reader got.
"""

from email.message import EmailMessage
from pathlib import Path

from maildesk.demo.mailbox_mail import Letter, answer
from tests.crash.scene import Box
from tests.stories.by_mail import Day, Part, asks, day, replies, said
from tests.web.pictures import png
from tests.world import ADDRESS

BOB = "bob@supplier.example"


def with_file(mail: EmailMessage, name: str, data: bytes = b"%PDF-1.7\n") -> EmailMessage:
    mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return mail


def with_picture(mail: EmailMessage, name: str) -> EmailMessage:
    mail.add_attachment(png(200, 30, 30), maintype="image", subtype="png", filename=name)
    return mail


def with_fields(mail: EmailMessage, **fields: str) -> EmailMessage:
    for name, value in fields.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    return mail


def below_the_quote(who: str, letter: Letter, words: str) -> EmailMessage:
    """An answer as Thunderbird and Claws place it."""
    mail = replies(who, letter, "")
    quoted = answer(letter).text.strip()
    mail.set_content(f"{quoted}\n\n{words}\n")
    return mail


def without_marks(who: str, letter: Letter, words: str) -> EmailMessage:
    """An answer as Outlook writes it: a header block, and the mail as it is."""
    mail = replies(who, letter, "")
    head = f"From: {letter.sender.address}\nSent: Monday\nTo: {who}\nSubject: {letter.subject}"
    mail.set_content(f"{words}\n\n{head}\n\n{letter.text}\n")
    return mail


def files_both_ways() -> Part:
    got = yield with_file(asks("rita", "Copier", "It eats paper."), "plan of the room.pdf")
    told = got.to("ann")
    assert told.files == ("plan of the room.pdf",)
    got = yield with_file(replies("ann", told, "Does it look like this?"), "jam.pdf")
    reply = got.to("rita")
    assert reply.files == ("jam.pdf",)
    mail = with_picture(without_marks("rita", reply, "Worse, see the picture."), "jam.png")
    got = yield with_fields(mail, Cc=f"Bob <{BOB}>")
    told = got.to("ann")
    assert told.files == ("jam.png",)
    assert f"Bob ({BOB}), not in the directory" in " ".join(told.text.split())
    got = yield with_file(replies("ann", told, "Bob, please send a roller."), "order.pdf")
    assert got.to(BOB).files == ("order.pdf",)
    got = yield below_the_quote("ann", told, "#resolve The roller is new.")
    got = yield below_the_quote("rita", got.to("rita"), "Yes, it works now.\n\nRita")
    assert "You accepted the resolution." in got.to("rita").text


def a_picture_alone() -> Part:
    got = yield with_picture(asks("rita", "This", ""), "screen.png")
    told = got.to("ann")
    assert told.files == ("screen.png",)
    assert "The email has no text." in told.text


def a_web_form() -> Part:
    mail = asks("max", "Contact form", "My chair squeaks.")
    got = yield with_fields(mail, From="Shop <noreply@shop.example>", Reply_To=ADDRESS["max"])
    assert "ticket number is" in said(got.to("max"))
    assert "My chair squeaks." in got.to("ann").text


def a_backup_report() -> Part:
    mail = asks("max", "Backup of fs02 FAILED", "No space left.")
    mail = with_fields(mail, From="root@fs02.example", Auto_Submitted="auto-generated")
    got = yield mail
    assert [to for to, _ in got.outgoing_mails] == [ADDRESS["ann"]]


def a_newsletter() -> Part:
    mail = asks("max", "Ten great offers", "Buy now.")
    mail["List-Unsubscribe"], mail["Precedence"] = "<https://shop.example/out>", "bulk"
    got = yield with_fields(mail, From="News <news@offers.example>")
    assert got.outgoing_mails == []


def a_reaction() -> Part:
    got = yield asks("rita", "Screen", "It is dark.")
    got = yield replies("ann", got.to("ann"), "Is it plugged in?")
    mail = replies("rita", got.to("rita"), "")
    mail.clear_content()
    mail.set_content('{"version": 1, "emoji": "👍"}', subtype="vnd.google.email-reaction+json")
    got = yield mail
    assert got.outgoing_mails == []


def the_mail_of_a_colleague() -> Part:
    got = yield asks("rita", "Scanner", "It is slow.")
    colleague = "From: Will <will@example.org>\nSent: Monday\nSubject: Scanner\n\nUse port 9100."
    mail = replies("rita", got.to("rita"), "")
    mail.set_content(f"Please see what Will says.\n\n{colleague}\n")
    got = yield mail
    told = " ".join(got.to("ann").text.split())
    assert "Please see what Will says." in told
    assert "Use port 9100." in told


def notes_stay_inside() -> Part:
    got = yield asks("rita", "Keyboard", "It sticks.")
    told = got.to("ann")
    got = yield with_file(replies("ann", told, "#note She spilled coffee again."), "secret.pdf")
    got = yield below_the_quote("ann", told, "A new one comes on Friday.\n\nAnn")
    reply = got.to("rita")
    assert "Friday" in reply.text
    assert "coffee" not in reply.text
    assert reply.files == ()


def lines_of_a_configuration() -> Part:
    got = yield asks("rita", "Root login", "How do I close it?")
    text = "Write this:\n\n```\nPort 22\n#ListenAddress 0.0.0.0\n```\n\nAnn"
    got = yield replies("ann", got.to("ann"), text)
    assert "\n#ListenAddress 0.0.0.0" in got.to("rita").text.replace("\r\n", "\n")


PARTS = (
    *(files_both_ways, a_picture_alone, a_web_form, a_backup_report, a_newsletter),
    *(a_reaction, the_mail_of_a_colleague, notes_stay_inside, lines_of_a_configuration),
)

# what was said or sent: (who wrote it, who read it in a mail of the desk)
READ = {
    "It eats paper.": ("rita", "ann"),
    "plan of the room.pdf": ("rita", "ann"),
    "Does it look like this?": ("ann", "rita"),
    "jam.pdf": ("ann", "rita"),
    "Worse, see the picture.": ("rita", "ann"),
    "jam.png": ("rita", "ann"),
    "Bob, please send a roller.": ("ann", "bob rita"),
    "order.pdf": ("ann", "bob rita"),
    "The roller is new.": ("ann", "bob rita"),
    "screen.png": ("rita", "ann"),
    "My chair squeaks.": ("max", "ann"),
    "No space left.": ("root", "ann"),
    "Buy now.": ("news", ""),
    "Is it plugged in?": ("ann", "rita"),
    "Use port 9100.": ("rita", "ann"),
    "She spilled coffee again.": ("ann", ""),
    "secret.pdf": ("ann", ""),
    "A new one comes on Friday.": ("ann", "rita"),
    "#ListenAddress 0.0.0.0": ("ann", "rita"),
}


def _readers(today: Day, what: str, author: str) -> str:
    """Who read it in a mail of the desk, apart from its author."""
    readers = {
        to.partition("@")[0]
        for to, mail in today.outgoing_mails
        if what in said(mail) or what in mail.files
    }
    return " ".join(sorted(readers - {author}))


def test_every_text_and_file_reaches_its_readers_and_nobody_else(tmp_path: Path, box: Box) -> None:
    with day(tmp_path, box) as today:
        today.play(*(part() for part in PARTS))
        table = {
            what: (author, _readers(today, what, author)) for what, (author, _) in READ.items()
        }
        for what, (author, readers) in table.items():
            print(f"{author:5} {what:28} {readers}")
        assert table == READ
        assert today.sent == 20
