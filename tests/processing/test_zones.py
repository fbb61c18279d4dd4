"""Times are told where the reader is: in people.toml, else where the desk is."""

from pathlib import Path

from maildesk.model.links.page import Page
from tests.world import ADDRESS, build, one, shipped_policy


def test_mails_and_pages_tell_the_readers_time(tmp_path: Path) -> None:
    people = shipped_policy().people.model_dump(by_alias=True)
    for entry in people["person"]:
        if entry["address"] == ADDRESS["rita"]:
            entry["zone"] = "Pacific/Auckland"
    world = build(f"sqlite:///{tmp_path}/desk.db", policy=shipped_policy(people=people))
    outgoing_mail = one(world.writes("rita", "It does not print."), "rita", "acknowledgement")
    page = world.door.view(outgoing_mail.token)
    assert isinstance(page, Page)
    assert f"{page.opened_at:%d %H:%M %Z}" == "23 22:01 NZDT"
    assert f"{page.conversation[0].at:%H:%M %Z}" == "22:01 NZDT"
    notified = one(world.outgoing_mails(), "ann", "agent-notification")
    page = world.door.view(notified.token)
    assert isinstance(page, Page)
    assert f"{page.opened_at:%H:%M %Z}" == "09:01 UTC"
    world.close()
