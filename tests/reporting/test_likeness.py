"""Which tickets are alike, by tables worked out by hand."""

import time

import pytest

from maildesk.reporting.similarity import Spoken, issues

STUCK = "the paper tray on the second floor jams whenever somebody prints double sided"
OTHER = "since monday morning nobody here reaches the shared drive of the accounts team"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        # the same words
        (("Printer broken", ""), ("Printer broken", ""), True),
        # a reply mark, a number and the case say nothing
        (("Printer 12 broken", ""), ("RE: printer BROKEN", ""), True),
        # three words and two, two shared: 4 of 5
        (("Printer broken again", ""), ("Printer broken", ""), True),
        # three words and three, two shared: 4 of 6
        (("Printer broken again", ""), ("Printer broken today", ""), True),
        # two words and two, one shared: 2 of 4
        (("Printer broken", ""), ("Laptop broken", ""), False),
        # nothing is left of a subject that says nothing
        (("Help please", ""), ("Help please", ""), False),
        # then the text speaks
        (("Help please", STUCK), ("Urgent", STUCK), True),
        (("Help please", STUCK), ("Help please", OTHER), False),
        # and for different subjects, too
        (("Paper tray", STUCK), ("Second floor", STUCK), True),
        # three pairs in common are too few, though they are all
        (("Paper", "drive letter lost today"), ("Floor", "drive letter lost today"), False),
        # four are enough
        (
            ("Paper", "drive letter lost today morning"),
            ("X", "drive letter lost today morning"),
            True,
        ),
        # letters of any script
        (("Принтер сломан", ""), ("принтер сломан", ""), True),
        (("", ""), ("", ""), False),
    ],
)
def test_two_tickets_are_alike(one: tuple[str, str], other: tuple[str, str], alike: bool) -> None:
    found = issues([Spoken(1, *one), Spoken(2, *other)])
    assert [issue.numbers for issue in found] == ([(1, 2)] if alike else [])


def test_the_most_frequent_come_first_under_the_subject_of_their_oldest() -> None:
    subjects = [
        "Printer broken",
        "VPN slow",
        "Parking",
        "vpn slow today",
        "VPN slow",
        "Printer broken",
    ]
    found = issues(Spoken(number, subject, "") for number, subject in enumerate(subjects, 1))
    assert [(i.subject, i.numbers) for i in found] == [
        ("VPN slow", (2, 4, 5)),
        ("Printer broken", (1, 6)),
    ]


def test_a_ticket_goes_to_the_group_that_it_is_most_like() -> None:
    subjects = ["mail server slow", "mail server down", "mail server down"]
    found = issues(Spoken(number, subject, "") for number, subject in enumerate(subjects, 1))
    # the second is like the first (4 of 6), and the third is compared with the first alone
    assert [i.numbers for i in found] == [(1, 2, 3)]
    subjects = ["mail server slow", "mail login slow today", "mail login slow"]
    found = issues(Spoken(number, subject, "") for number, subject in enumerate(subjects, 1))
    # 4 of 7 keep the second apart; the third is 4 of 6 like the first, 6 of 7 like the second
    assert [i.numbers for i in found] == [(2, 3)]


def test_hostile_texts_take_no_longer_than_others() -> None:
    def seconds(tickets: list[Spoken]) -> float:
        begin = time.perf_counter()
        issues(tickets)
        return time.perf_counter() - begin

    shared = " ".join(f"wort{chr(97 + n)}" for n in range(20))
    ends = ["".join(chr(97 + int(d)) for d in str(n)) for n in range(4_000)]
    hostile = [Spoken(n, f"{shared} {end}", end * 50) for n, end in enumerate(ends)]
    lonely = [Spoken(n, f"{end}x {end}y {end}z", end) for n, end in enumerate(ends)]
    assert seconds(hostile) + seconds(lonely) < 20
