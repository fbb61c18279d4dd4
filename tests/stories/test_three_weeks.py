"""Three weeks of SLA targets, over summer time and Easter, each minute worked out by hand.

The office is in Berlin, 9:00 to 12:30 and 13:30 to 17:00: seven hours a day. The clocks go forward
on Sunday, 29 March 2026; Good Friday is 3 April, Easter Monday 6 April. A first response is
due within 4 hours, the next within 7, a resolution within 56. Ann and Lee are the first line,
Lee leads it, Max is their manager.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from maildesk.processing.clock.sla_timers import Measured, measured
from tests import world as worlds
from tests.world import OutgoingMail, World, one, shipped_policy

BERLIN = ZoneInfo("Europe/Berlin")
EASTER = frozenset({date(2026, 4, 3), date(2026, 4, 6)})
SLA = {
    "calendar": [
        {"name": "berlin", "zone": "Europe/Berlin", "hours": "mon-fri 09:00-12:30 13:30-17:00"}
    ],
    "escalation_policy": [
        {
            "name": "warnings",
            "step": [
                {"at": "80%", "notify": ["assignee"]},
                {"at": "100%", "notify": ["assignee", "lead"]},
                {"at": "+2h", "notify": ["manager"]},
            ],
        }
    ],
    "profile": [
        {
            "name": "Standard",
            "first_response": {"otherwise": "4 hours", "escalation_policy": "warnings"},
            "next_response": {"otherwise": "7 hours"},
            "resolution": {
                "otherwise": "56 hours",
                "pause": ["on-hold", "waiting-for-requester"],
                "escalation_policy": "warnings",
            },
        }
    ],
}
PEOPLE = {
    "team": [
        {
            "name": "First line",
            "members": ["ann@example.org", "lee@example.org"],
            "leads": ["lee@example.org"],
        },
        {"name": "Network", "level": "L2"},
    ],
    "person": [
        {"name": "Ann", "address": "ann@example.org", "manager": "max@example.org"},
        {"name": "Lee", "address": "lee@example.org", "manager": "max@example.org"},
        {"name": "Max", "address": "max@example.org"},
        {"name": "Rita", "address": "rita@example.org", "manager": "max@example.org"},
    ],
}

# When it is due, in local time, and how it came out.
DEADLINES: dict[tuple[int, str], tuple[str, str]] = {
    # Tue 15:00: two hours that day, two the next. Answered on Wednesday at 10:30
    (1001, "first_response 1"): ("Wed 25 Mar 11:00 CET", "achieved"),
    # Rita writes on Wed 14:30: 2:30 h that day, an hour on Thursday until Ann puts it on hold at
    # 10:00; goes on Tue 31 March 11:00, in summer time: 1:30 h before lunch, 2 h behind it
    (1001, "next_response 1"): ("Tue 31 Mar 15:30 CEST", "breached"),
    # Rita writes on Wed 1 April 9:30: 6:30 h that day, half an hour the next
    (1001, "next_response 2"): ("Thu 02 Apr 09:30 CEST", "breached"),
    # counted: Tue 2 h; Wed 1:30 h until the answer at 10:30 and 2:30 h from 14:30; Thu 1 h until
    # the hold: 7 h. On from Tue 31 March 11:00: 4 h until the answer at 16:00. On from Wed 9:30:
    # 6:30 h; Thu 7 h; Easter; Tue, Wed, Thu, Fri 28 h: 52:30 h. Mon 13 April 3:30 h
    (1001, "resolution 1"): ("Mon 13 Apr 12:30 CEST", "breached"),
    # Fri 16:30 CET: half an hour, and 3:30 h on Monday, when the clocks have changed
    (1002, "first_response 1"): ("Mon 30 Mar 12:30 CEST", "achieved"),
    # Maundy Thursday 16:00: an hour, and three on the Tuesday after Easter
    (1003, "first_response 1"): ("Tue 07 Apr 12:00 CEST", "breached"),
}

# Who is warned, when, of which ticket.
WARNINGS = [
    # 80 % of 4 h are 3:12 h
    ("Wed 25 Mar 10:12 CET", "ann lee", 1001),
    ("Mon 30 Mar 11:42 CEST", "ann lee", 1002),
    ("Tue 07 Apr 11:12 CEST", "ann lee", 1003),
    ("Tue 07 Apr 12:00 CEST", "ann lee", 1003),
    # 80 % of 56 h are 44:48 h: of the 7 h of Thursday, 9 April, the 6:18th
    ("Thu 09 Apr 16:18 CEST", "ann", 1001),
    ("Mon 13 Apr 12:30 CEST", "ann lee", 1001),
    ("Mon 13 Apr 15:30 CEST", "max", 1001),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    policy = shipped_policy(sla=SLA, people=PEOPLE, holidays={"berlin": EASTER})
    one_ = worlds.build(f"sqlite:///{tmp_path}/desk.db", policy=policy)
    yield one_
    one_.close()


class Weeks:
    """The clock goes from deadline to deadline, and a minute before each nothing happens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.warned: list[tuple[str, str, int]] = []
        world.clock.now = datetime(2026, 3, 24, tzinfo=UTC)

    def until(self, day: int, month: int, hour: int, minute: int) -> None:
        """Let it become that local time, and strike whatever is due on the way."""
        end = datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)
        while (due := self._next()) is not None and due <= end:
            self.world.clock.now = due - timedelta(minutes=1)
            assert self.world.desk.tick() == 0
            assert self.world.new_letters() == []
            self.world.clock.now = due
            assert self.world.desk.tick() == 1
            self._note(self.world.new_letters())
        self.world.clock.now = end

    def writes(
        self,
        when: tuple[int, int, int, int],
        who: str,
        text: str,
        answering: OutgoingMail | None = None,
    ) -> list[OutgoingMail]:
        """The mail is worked in that minute of local time."""
        self.until(*when)
        self.world.clock.forward(minutes=-1)
        return self.world.writes(who, text, answering=answering, subject="Printer broken")

    def _next(self) -> datetime | None:
        tickets = (self.world.ticket(number) for number in self.world.numbers())
        return min((one.next_due for one in tickets if one.next_due), default=None)

    def _note(self, outgoing_mails: list[OutgoingMail]) -> None:
        now = f"{self.world.clock.now.astimezone(BERLIN):%a %d %b %H:%M %Z}"
        told = [
            outgoing_mail
            for outgoing_mail in outgoing_mails
            if outgoing_mail.template.startswith("sla-")
        ]
        for number in sorted(
            {int(outgoing_mail.message["X-Maildesk-Ticket"]) for outgoing_mail in told}
        ):
            who = sorted(outgoing_mail.to.partition("@")[0] for outgoing_mail in told)
            self.warned.append((now, " ".join(who), number))


def test_three_weeks_with_summer_time_and_easter(world: World) -> None:
    weeks = Weeks(world)
    asked = weeks.writes((24, 3, 15, 0), "rita", "It does not print.")
    for_ann = one(asked, "ann", "agent-notification")
    answer = one(weeks.writes((25, 3, 10, 30), "ann", "Which one?", for_ann), "rita", "reply")
    weeks.writes((25, 3, 14, 30), "rita", "The one upstairs.", answer)
    weeks.writes((26, 3, 10, 0), "ann", "#hold A part is ordered.", for_ann)
    assert world.ticket(1001).state == "On-Hold"

    second = weeks.writes((27, 3, 16, 30), "rita", "Another one.")
    of_second = one(second, "ann", "agent-notification")
    weeks.writes((30, 3, 12, 0), "ann", "#resolve Paper was out.", of_second)

    weeks.writes((31, 3, 11, 0), "rita", "Has it come?", answer)
    weeks.writes((31, 3, 16, 0), "ann", "Tomorrow. Is nine fine?", for_ann)
    weeks.writes((1, 4, 9, 30), "rita", "It is.", answer)

    third = weeks.writes((2, 4, 16, 0), "rita", "And a third.")
    of_third = one(third, "ann", "agent-notification")
    weeks.writes((7, 4, 12, 10), "ann", "#resolve The plug.", of_third)
    weeks.writes((13, 4, 16, 0), "ann", "#resolve New drum.", for_ann)

    assert weeks.warned == WARNINGS
    timers = {
        (number, f"{timer.metric} {timer.serial}"): timer
        for number in world.numbers()
        for timer in measured(world.runtime, number)
    }
    assert {key: _stands(timers[key]) for key in DEADLINES} == DEADLINES
    assert not any(timer.differs for timer in timers.values())
    for number in world.numbers():
        assert world.replayed(number) == world.ticket(number)


def _stands(timer: Measured) -> tuple[str, str]:
    assert timer.due is not None
    return f"{timer.due:%a %d %b %H:%M %Z}", timer.outcome
