"""A form makes one decision; every other form gets the reason why it did not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from maildesk.model.cause import Choice
from maildesk.model.links.page import Decided
from maildesk.web.links.form import BODY_BYTES, MAX_COMMENT_CHARACTERS
from tests.web import link_pages_fake as links
from tests.web.link_pages_fake import LinkPagesFake
from tests.web.served import Visitor


def test_a_decision_redirects_the_browser_to_the_outcome(
    browser: Visitor, link_pages: LinkPagesFake
) -> None:
    sent = browser.post(f"/l/{links.APPROVAL}", data={"choice": "approve", "comment": " fine\r\n"})
    assert sent.status_code == 303
    assert sent.headers["location"] == f"../l/{links.APPROVAL}"
    assert link_pages.decisions == [(links.APPROVAL, Choice.APPROVE, "fine")]
    outcome = browser.get(f"/l/{links.APPROVAL}")
    assert outcome.status_code == 200
    assert "You approved this request" in outcome.text
    assert '<time datetime="2026-08-03T14:02:00Z">3 August 2026, 14:02 UTC</time>' in outcome.text
    assert "<form" not in outcome.text


def test_a_second_decision_shows_the_first(browser: Visitor, link_pages: LinkPagesFake) -> None:
    decided = Decided("reject", "Lena Lind", links.NOW)
    link_pages.pages[links.APPROVAL] = replace(
        link_pages.pages[links.APPROVAL], choices=(), decided=decided
    )
    second = browser.post(f"/l/{links.APPROVAL}", data={"choice": "approve"})
    assert second.status_code == 409
    assert "This was already decided" in second.text
    assert "Lena Lind rejected this request" in second.text
    assert "3 August 2026, 14:02 UTC" in second.text


def test_eight_simultaneous_clicks_make_one_decision_that_all_see(
    browser: Visitor, link_pages: LinkPagesFake
) -> None:
    forms = [{"choice": "accept"}, {"choice": "reject", "comment": "It is still slow."}] * 4
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda f: browser.post(f"/l/{links.RESOLUTION}", data=f), forms))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 7
    assert len(link_pages.decisions) == 1
    did = "accepted" if link_pages.decisions[0][1] is Choice.ACCEPT else "rejected"
    for answer in answers:
        if answer.status_code == 409:
            assert f"You {did} the resolution" in answer.text


@pytest.mark.parametrize(
    ("token", "form", "status", "says"),
    [
        # no choice, an unknown one, or two: asked again
        (links.APPROVAL, {"comment": "well"}, 422, "Please choose first"),
        (links.APPROVAL, {"choice": "maybe"}, 422, "Please choose first"),
        (links.APPROVAL, {"choice": ["approve", "reject"]}, 422, "Please choose first"),
        # a rejection needs its reason, and white space is none
        (links.RESOLUTION, {"choice": "reject"}, 422, "Please say why you reject"),
        (links.RESOLUTION, {"choice": "reject", "comment": " \r\n"}, 422, "Please say why"),
        (links.RESOLUTION, {"choice": "reject", "comment": "\u200b\ufeff"}, 422, "Please say why"),
        # a yes, and words that take it back
        (links.RESOLUTION, {"choice": "accept", "comment": links.UNCLEAR}, 422, "choose again"),
        # longer than we keep
        (
            links.RESOLUTION,
            {"choice": "accept", "comment": "x" * (MAX_COMMENT_CHARACTERS + 1)},
            422,
            "Please shorten your comment",
        ),
        # the desk says no
        (links.RESOLUTION, {"choice": "approve"}, 409, "This is not possible now"),
        (links.ILLEGAL, {"choice": "accept"}, 409, "This is not possible now"),
        (links.NOT_YOURS, {"choice": "approve"}, 403, "You cannot decide this"),
        (links.OUTDATED, {"choice": "accept"}, 409, "This link is out of date"),
        (links.VIEW, {"choice": "accept"}, 409, "already decided"),
        # the link does not open
        (links.EXPIRED, {"choice": "approve"}, 410, "This link has expired"),
        (links.EXPIRED, {}, 410, "This link has expired"),
        ("forged", {"choice": "approve"}, 404, "This link does not work"),
        ("forged", {}, 404, "This link does not work"),
        # nothing to choose here: shown as it is
        (links.VIEW, {}, 200, "A new notebook"),
        (links.OUTDATED, {}, 410, "This link is out of date"),
    ],
)
def test_a_form_that_decides_nothing_says_why(
    browser: Visitor,
    link_pages: LinkPagesFake,
    token: str,
    form: dict[str, str | list[str]],
    status: int,
    says: str,
) -> None:
    answer = browser.post(
        f"/l/{token}",
        data=form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == status
    assert says in answer.text
    assert link_pages.decisions == []


def test_a_stored_comment_is_not_sent_again_with_the_next_choice(browser: Visitor) -> None:
    form = {"choice": "accept", "comment": links.UNCLEAR}
    back = browser.post(f"/l/{links.RESOLUTION}", data=form).text
    assert ">\n</textarea>" in back
    assert "checked>" not in back


def test_a_form_shown_again_keeps_the_typed_text(browser: Visitor) -> None:
    typed = "\n\n  two lines <b>\nand a half & more"
    back = browser.post(f"/l/{links.APPROVAL}", data={"comment": typed}).text
    assert ">\ntwo lines &lt;b&gt;\nand a half &amp; more</textarea>" in back
    chosen = browser.post(f"/l/{links.RESOLUTION}", data={"choice": "reject"}).text
    assert chosen.count("checked>") == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"choice=approve&comment=" + b"x" * BODY_BYTES, "application/x-www-form-urlencoded", 413),
        (b'{"choice": "approve"}', "application/json", 415),
        (b"choice=approve", "multipart/form-data; boundary=x", 415),
        (b"choice=approve", "", 415),
        (b"choice=approve" + b"&a=1" * 99, "application/x-www-form-urlencoded", 422),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded", 422),
    ],
)
def test_a_body_that_is_not_a_form_changes_nothing(
    browser: Visitor, link_pages: LinkPagesFake, body: bytes, kind: str, status: int
) -> None:
    answer = browser.post(f"/l/{links.APPROVAL}", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert link_pages.decisions == []


def test_control_characters_are_removed_from_a_comment(
    browser: Visitor, link_pages: LinkPagesFake
) -> None:
    form = {"choice": "reject", "comment": "a\x00b\x1b[1m\x85c\rd\te \U0001f600"}
    browser.post(f"/l/{links.APPROVAL}", data=form)
    assert link_pages.decisions[0][2] == "ab[1mc\nd\te \U0001f600"
