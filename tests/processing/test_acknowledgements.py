"""Mail that must not be answered opens a ticket all the same; its sender is sent nothing."""

import pytest

from tests.world import World, build, shipped_policy, to

REPORT = "Backup <root@fs02.example.org>"


@pytest.mark.parametrize(
    ("sender", "headers", "envelope_from"),
    [
        (REPORT, {"Auto-Submitted": "auto-generated"}, None),
        (REPORT, {"Auto-Submitted": "auto-notified; x=y"}, None),
        # it refers to its own earlier report
        (REPORT, {"Auto-Submitted": "auto-generated", "In-Reply-To": "<1@fs02>"}, None),
        ("Scanner <scan@example.org>", {}, ""),  # null return path
        ("Nora <nora@customer.example>", {"Precedence": "bulk"}, None),
        ("Nora <nora@customer.example>", {"Precedence": "JUNK"}, None),
        ("noreply@parcels.example", {}, None),
        ("Parcels <parcels-no-reply@parcels.example>", {}, None),
    ],
)
def test_a_machine_that_reports_gets_a_ticket_and_no_acknowledgement(
    world: World, sender: str, headers: dict[str, str], envelope_from: str | None
) -> None:
    mail = world.mail("rita", "The backup is missing.", sender=sender, headers=headers)
    world.arrives(mail, envelope_from=envelope_from)
    assert (world.disposition(), world.numbers()) == ("new-ticket", [1001])
    told = world.new_letters()
    assert [mail.template for mail in told] == ["agent-notification"]
    assert "acknowledgement" in {step["name"] for step in world.mails()[-1].trace}


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Away", {"Auto-Submitted": "auto-replied"}),
        ("Automated Response: Re: Printer", {}),
        ("Re: Printer", {"Precedence": "bulk"}),
        ("Printer", {"Precedence": "bulk", "In-Reply-To": "<unknown@example.org>"}),
        ("Printer", {"X-Autoreply": "yes"}),
        # an absence that calls itself generated
        ("Automatic reply: Printer", {"Auto-Submitted": "auto-generated"}),
    ],
)
def test_a_machine_that_answers_opens_no_ticket(
    world: World, subject: str, headers: dict[str, str]
) -> None:
    world.writes("rita", "I am out of the office.", subject=subject, headers=headers)
    assert (world.disposition(), world.numbers()) == ("auto-reply", [])


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your message. Your ticket 4711 was received.",
        "We have received your request and will answer soon.",
        "Automated response: nobody is here.",
        "Ihre Anfrage wurde registriert.",
    ],
)
def test_a_robot_that_confirms_our_acknowledgement_gets_no_second_one(
    world: World, text: str
) -> None:
    robot = "Robot <robot@vendor.example>"
    world.writes("rita", "Our invoice 12.", sender=robot)
    for subject in ("Case 1", "Case 2"):
        assert world.writes("rita", text, sender=robot, subject=subject) == []
    assert world.numbers() == [1001]
    assert [kind for kind, _ in world.messages(1001)] == ["request", "auto-reply", "auto-reply"]


@pytest.mark.parametrize(
    ("sender", "text", "minutes"),
    [
        ("Robot <robot@vendor.example>", "Your ticket 4711 was received.", 90),  # much later
        ("Robot <robot@vendor.example>", "Was my ticket received?", 1),
        ("Other <other@vendor.example>", "Your ticket 4711 was received.", 1),
        ("Robot <robot@vendor.example>", "", 1),
    ],
)
def test_what_may_be_a_request_opens_a_ticket(
    world: World, sender: str, text: str, minutes: int
) -> None:
    world.writes("rita", "Our invoice 12.", sender="Robot <robot@vendor.example>")
    world.clock.forward(minutes=minutes)
    world.writes("rita", text, sender=sender, subject="Another")
    assert world.numbers() == [1001, 1002]


@pytest.mark.parametrize(
    ("entry", "acknowledged"),
    [
        ("Rita@Example.org", False),  # the sender
        ("example.org", False),  # the domain of the sender
        ("help@example.org", False),  # the address of the desk
        ("desk2@example.org", True),
        ("ample.org", True),
    ],
)
def test_an_acknowledgement_can_be_switched_off_by_address(
    database_url: str, entry: str, acknowledged: bool
) -> None:
    people = shipped_policy().people.model_dump(by_alias=True)
    people["senders"]["no_acknowledgement"] = [entry]
    world = build(database_url, policy=shipped_policy(people=people))
    mails = to(world.writes("rita", "Help.", to="help@example.org"), "rita")
    assert [mail.template for mail in mails] == ["acknowledgement"] * acknowledged
    assert world.numbers() == [1001]
    world.close()


@pytest.mark.parametrize(
    ("condition", "acknowledged"),
    [
        ("true", False),
        ('mail.subject.contains("Printer")', False),
        ('mail.subject.contains("VPN")', True),
    ],
)
def test_an_acknowledgement_can_be_switched_off_by_a_rule(
    database_url: str, condition: str, acknowledged: bool
) -> None:
    rule = {"name": "Quiet", "when": condition, "then": {"acknowledge": False}}
    world = build(database_url, policy=shipped_policy(rules={"rule": [rule]}))
    mails = world.writes("rita", "Help.")
    assert [mail.template for mail in to(mails, "rita")] == ["acknowledgement"] * acknowledged
    assert "ann@example.org" in {mail.to for mail in mails}
    world.close()
