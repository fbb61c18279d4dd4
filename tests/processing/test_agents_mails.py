"""What the mails to agents tell: the words, what was said before, who reads an answer."""

from tests.approving import newest
from tests.world import World, one, to


def test_a_reply_comes_with_the_conversation_before_it(world: World) -> None:
    first = one(
        world.writes("rita", "It jams on page two.", trusted=True), "ann", "agent-notification"
    )
    world.writes("ann", "#note Her printer is ten years old.", answering=first, trusted=True)
    world.writes("ann", "Which tray?", answering=first, trusted=True)
    answer = world.writes(
        "rita", "The upper one.", answering=newest(world, "rita", "reply"), trusted=True
    )
    told = one(answer, "ann", "agent-notification")
    before, _, earlier = told.text.partition("Earlier in this ticket")
    assert "> The upper one." in before
    assert "upper one" not in earlier
    places = [earlier.index(words) for words in ("Which tray?", "ten years old", "It jams")]
    assert places == sorted(places)
    assert "Ann Archer, 23 November 2026" in earlier
    assert "internal note" in earlier
    assert "Earlier in this ticket" in told.html


def test_nothing_of_it_is_in_a_mail_to_anybody_else(world: World) -> None:
    first = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    world.writes("ann", "#note Be careful with her.", answering=first, trusted=True)
    world.writes("ann", "#cc max@example.org\n\nWhich tray?", answering=first, trusted=True)
    world.writes("rita", "The upper.", answering=newest(world, "rita", "reply"), trusted=True)
    world.writes("ann", "#resolve Done.", answering=first, trusted=True)
    for mail in (*to(world.outgoing_mails(), "rita"), *to(world.outgoing_mails(), "max")):
        assert "careful" not in mail.text + mail.html
        assert "Earlier in this ticket" not in mail.text + mail.html
        assert mail.message["X-Maildesk-Team"] is None


def test_links_in_what_was_said_before_open_nothing(world: World) -> None:
    acknowledgement = one(world.writes("rita", "It jams.", trusted=True), "rita", "acknowledgement")
    said = f"Is this mine?\nhttps://desk.example.org/l/{acknowledgement.token}"
    world.writes("rita", said, subject="[MD-1001]", trusted=True)
    later = world.writes("rita", "Hello?", answering=acknowledgement, trusted=True)
    assert acknowledgement.token not in one(later, "ann", "agent-notification").text


def test_agents_see_who_reads_an_answer_and_what_the_mail_says_otherwise(world: World) -> None:
    headers = {"Cc": "Bob <bob@supplier.example>", "Reply-To": "rita@home.example"}
    first = world.writes("rita", "It jams.", trusted=True, headers=headers)
    told = one(first, "ann", "agent-notification")
    assert "Reply-To of this email:" in told.text
    assert "rita@home.example" in told.text
    again = world.writes("rita", "And now?", subject="[MD-1001] Toner is low", trusted=True)
    told = one(again, "ann", "agent-notification")
    assert "Subject of this email:" in told.text
    assert "Toner is low" in told.text
    text = " ".join(told.text.split())
    assert "Answers also go to: Bob (bob@supplier.example), not in the directory" in text


def test_the_sender_is_named_where_the_words_are_proven(world: World) -> None:
    told = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    assert str(told.message["From"]) == "Rita Rossi via Service Desk <desk@example.org>"
    told = one(world.writes("rita", "It jams.", subject="Other"), "ann", "agent-notification")
    assert str(told.message["From"]) == "Service Desk <desk@example.org>"


def test_agents_can_sort_their_mail(world: World) -> None:
    told = one(world.writes("rita", "It jams.", trusted=True), "ann", "agent-notification")
    ticket = world.ticket(1001)
    assert told.message["X-Maildesk-Ticket"] == "1001"
    assert told.message["X-Maildesk-Kind"] == "agent-notification"
    assert told.message["X-Maildesk-Team"] == ticket.team
    assert told.message["X-Maildesk-Priority"] == ticket.priority


def test_an_approval_says_so_in_its_subject(world: World) -> None:
    asked = one(world.writes("rita", "Mine is slow.", subject="New laptop"), "max", "approval")
    assert asked.subject == "[MD-1001] Approval needed: New laptop"
    answered = world.writes("max", "Which one?", answering=asked, trusted=True)
    assert "Subject of this email" not in one(answered, "ann", "agent-notification").text


def test_the_sender_of_an_encrypted_mail_hears_that_nobody_can_read_it(world: World) -> None:
    secret = "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"
    mails = world.writes("rita", secret, trusted=True)
    acknowledgement = one(mails, "rita", "acknowledgement")
    assert "send it again without encryption" in " ".join(acknowledgement.text.split())
    assert "This mail is encrypted" in one(mails, "ann", "agent-notification").text
    again = world.writes("rita", secret, answering=acknowledgement, trusted=True)
    assert "without encryption" in " ".join(one(again, "rita", "update").text.split())


def test_a_reply_that_is_only_a_quote_says_that_it_has_no_text(world: World) -> None:
    acknowledgement = one(world.writes("rita", "It jams.", trusted=True), "rita", "acknowledgement")
    quote = "".join(f"> {line}\n" for line in acknowledgement.text.splitlines())
    again = world.writes("rita", quote, answering=acknowledgement, trusted=True)
    assert "The email has no text." in one(again, "ann", "agent-notification").text
    assert world.messages(1001)[-1] == ("reply", "")
