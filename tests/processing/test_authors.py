"""Who wrote a mail, where From cannot be the author."""

import pytest

from maildesk.store import journal
from tests.world import World, one, to

WITH_DMARC = {"Authentication-Results": "mx.example.org; dmarc=pass header.from=shop.example.com"}
GROUP = {
    "Precedence": "list",
    "Mailing-list": "list help@example.org; contact help+owners@example.org",
    "List-ID": "<help.example.org>",
    "List-Post": "<mailto:help@example.org>",
    "List-Unsubscribe": "<mailto:help+unsubscribe@example.org>",
}


def step(world: World, name: str) -> dict[str, list[str]]:
    return next(one for one in world.mails()[-1].trace if one["name"] == name)


@pytest.mark.parametrize(
    "sender",
    [
        "Shop website <noreply@shop.example.com>",
        "No-Reply@shop.example.com",
        "shop-do-not-reply@shop.example.com",
        "desk@example.org",  # a form that sends in the name of the desk
    ],
)
def test_who_filled_in_a_form_is_the_requester_and_unproven(world: World, sender: str) -> None:
    headers = {"Reply-To": "Rita <rita@example.org>"} | WITH_DMARC
    mails = world.writes("rita", "My parcel did not come.", sender=sender, headers=headers)
    receipt = one(mails, "rita", "acknowledgement")
    assert {mail.to for mail in mails} == {receipt.to, "ann@example.org"}
    assert world.ticket(1001).requester == world.people()["rita@example.org"]
    proof = step(world, "authenticate")
    assert proof["verdict"] == "none"
    assert "the author is rita@example.org in Reply-To" in proof["rejected"][0]


@pytest.mark.parametrize(
    "reply_to",
    [
        "",  # none
        "desk+abc@example.org",  # the desk
        "a@example.net, b@example.net",  # several
        "not an address",
        "noreply@example.net",  # nobody reads that either
    ],
)
def test_a_form_that_names_nobody_leaves_from_as_the_sender(world: World, reply_to: str) -> None:
    headers = {"Reply-To": reply_to} if reply_to else {}
    world.writes("rita", "Hello.", sender="noreply@shop.example.com", headers=headers)
    assert world.ticket(1001).requester == world.people()["noreply@shop.example.com"]


def test_reply_to_of_a_person_changes_nothing(world: World) -> None:
    world.writes("rita", "Hello.", headers={"Reply-To": "max@example.org"})
    assert world.ticket(1001).requester == world.people()["rita@example.org"]
    assert step(world, "author")["rejected"] == ["Reply-To max@example.org: no mail is sent to it"]


def test_a_forged_reply_to_orders_nothing_in_an_agents_name(world: World) -> None:
    for_ann = one(world.writes("rita", "No print."), "ann", "agent-notification")
    headers = {"Reply-To": "ann@example.org"} | WITH_DMARC
    mails = world.writes(
        "mallory",
        "#resolve Done.",
        answering=for_ann,  # with the reply token of Ann
        sender="noreply@shop.example.com",
        headers=headers,
    )
    assert not world.ticket(1001).is_resolved
    assert to(mails, "rita") == []


def test_a_forged_reply_to_opens_no_ticket_as_an_agents_command(world: World) -> None:
    headers = {"Reply-To": "ann@example.org"} | WITH_DMARC
    world.writes(
        "mallory", "#onbehalf rita@example.org\nNew.", sender="noreply@x.example", headers=headers
    )
    assert all(world.ticket(n).requester != world.people().get("rita@example.org") for n in [1001])


@pytest.mark.parametrize(
    ("sender", "more", "author"),
    [
        ("Nora <nora@customer.example>", {}, "nora@customer.example"),
        (
            "'Olaf' via Help <help@example.org>",
            {"Reply-To": "Olaf <olaf@strict.example>"},
            "olaf@strict.example",
        ),
        # Reply-To is the group itself: the original is all that is left
        (
            "'Olaf' via Help <help@example.org>",
            {"Reply-To": "help@example.org", "X-Original-From": "Olaf <olaf@strict.example>"},
            "olaf@strict.example",
        ),
    ],
)
def test_a_group_at_the_desks_address_passes_on_what_its_author_wrote(
    world: World, sender: str, more: dict[str, str], author: str
) -> None:
    mails = world.writes("rita", "My refund?", sender=sender, headers=GROUP | more)
    assert [mail.template for mail in mails if mail.to == author] == ["acknowledgement"]
    assert world.ticket(1001).requester == world.people()[author]


def test_a_mail_of_a_group_that_names_nobody_waits_for_a_person(world: World) -> None:
    mails = world.writes("rita", "Hm.", sender="'Olaf' via Help <help@example.org>", headers=GROUP)
    assert (world.disposition(), world.numbers(), mails) == ("held", [], [])


@pytest.mark.parametrize(
    ("field", "author"),
    [
        ("Weiss, Greta <greta@example.org>", "greta@example.org"),
        ("=?utf-8?q?Greta_Weiss_=3Cgreta=40example=2Eorg=3E?=", "greta@example.org"),
        ("=?utf-8?b?R3JldGEgPGdyZXRhQGV4YW1wbGUub3JnPg==?=", "greta@example.org"),
    ],
)
def test_a_from_that_is_not_well_formed_names_its_author(
    world: World, field: str, author: str
) -> None:
    mail = world.mail("rita", "Hello.").replace(b"Rita <rita@example.org>", field.encode())
    world.arrives(mail)
    assert world.ticket(1001).requester == world.people()[author]


def test_an_encoded_from_of_two_addresses_names_nobody(world: World) -> None:
    field = b"=?utf-8?q?rita=40example=2Eorg=2C_max=40example=2Eorg?="
    world.arrives(world.mail("rita", "Hello.").replace(b"Rita <rita@example.org>", field))
    assert world.numbers() == []


def replayed_as(world: World, address: str) -> None:
    with world.store.write() as connection:
        assert journal.replay(connection, world.mails()[-1].id, address)
    world.work()


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: no author\r\n\r\nHello.\r\n",
        b"From: \r\nSubject: an empty author\r\n\r\nHello.\r\n",
        b"From: 'O' via Help <help@example.org>\r\nList-Post: <mailto:help@example.org>\r\n"
        b"Subject: a group\r\n\r\nHello.\r\n",
        # in an agent's name: nothing is commanded
        b"Subject: no author\r\n\r\n#onbehalf max@example.org\r\nHello.\r\n",
    ],
)
@pytest.mark.parametrize("author", ["rita@example.org", "ann@example.org"])
def test_a_person_names_the_author_of_a_mail_that_does_not(
    world: World, raw: bytes, author: str
) -> None:
    world.arrives(raw)
    assert world.numbers() == []
    replayed_as(world, author)
    assert "max@example.org" not in {
        mail.to for mail in world.new_letters() if mail.template == "acknowledgement"
    }
    if world.numbers():
        assert world.ticket(1001).requester == world.people()[author]
    if author == "rita@example.org":
        assert world.disposition() == "new-ticket"
        assert step(world, "authenticate")["verdict"] == "none"


NEWS = {"List-Unsubscribe": "<https://news.example/u>"}


@pytest.mark.parametrize(
    ("sender", "headers", "disposition"),
    [
        ("News <news@vendor.example>", NEWS, "held"),
        ("News <news@vendor.example>", NEWS | {"Precedence": "bulk"}, "held"),
        ("News <news@vendor.example>", NEWS | {"Auto-Submitted": "auto-generated"}, "held"),
        ("News <news@vendor.example>", NEWS | {"List-Post": "NO"}, "held"),
        # people of people.toml
        ("Ann <ann@example.org>", NEWS, "new-ticket"),
        # no newsletter: a list for discussion, and one that nobody leaves
        ("Q <q@vendor.example>", NEWS | {"List-Post": "<mailto:l@x.example>"}, "new-ticket"),
        ("Q <q@vendor.example>", {"List-Id": "<l.x.example>"}, "new-ticket"),
        ("Q <q@vendor.example>", {"List-Unsubscribe": ""}, "new-ticket"),
    ],
)
def test_newsletters_of_strangers_are_held(
    world: World, sender: str, headers: dict[str, str], disposition: str
) -> None:
    world.writes("rita", "Our autumn offers.", sender=sender, headers=headers)
    assert world.disposition() == disposition


def test_a_newsletter_that_is_admitted_opens_a_ticket_and_so_do_later_ones(world: World) -> None:
    news = {"sender": "News <news@vendor.example>", "headers": NEWS}
    world.writes("rita", "Offers.", **news)
    with world.store.write() as connection:
        journal.replay(connection, world.mails()[-1].id)
    world.work()
    assert world.disposition() == "new-ticket"
    world.writes("rita", "More offers.", subject="More", **news)
    assert world.disposition() == "new-ticket"
