"""The page of a link; only a POST with a choice acts."""

from dataclasses import replace
from importlib.resources import files

import pytest

from maildesk.model.cause import Choice, Work
from maildesk.model.links.page import Decided
from maildesk.model.links.token import Purpose
from maildesk.model.message import Message
from maildesk.model.ticket import spoken
from maildesk.web.links.link_pages import Health
from tests.web import link_pages_fake as links
from tests.web.link_pages_fake import LinkPagesFake
from tests.web.served import Visitor, application

EVERY_LINK = [
    links.APPROVAL,
    links.RESOLUTION,
    links.VIEW,
    links.EXPIRED,
    links.OUTDATED,
    links.NOT_YOURS,
    links.ILLEGAL,
    links.WORK,
    links.HINDERED,
    links.NO_AGENT,
    "forged",
]


@pytest.mark.parametrize("token", EVERY_LINK)
def test_get_and_head_a_hundred_times_change_nothing(
    browser: Visitor, link_pages: LinkPagesFake, token: str
) -> None:
    before = dict(link_pages.pages)
    first = browser.get(f"/l/{token}")
    for _ in range(100):
        assert browser.get(f"/l/{token}").content == first.content
        assert browser.head(f"/l/{token}").status_code == first.status_code
    assert link_pages.pages == before
    assert link_pages.decisions == []


@pytest.mark.parametrize(
    ("token", "choices"), [(links.APPROVAL, 2), (links.RESOLUTION, 2), (links.WORK, 3)]
)
def test_no_choice_is_preselected(browser: Visitor, token: str, choices: int) -> None:
    page = browser.get(f"/l/{token}?choice=approve&done=1").text
    assert page.count('type="radio"') == choices
    assert "checked>" not in page


UNKNOWN = [
    "",
    "x",
    "x" * 64,
    "x" * 64 + "/",
    "x" * 63,
    "x" * 65,
    "a/b/c",
    "../x",
    "%00",
    "%FF",
    "é",
]


@pytest.mark.parametrize("token", UNKNOWN)
def test_every_unknown_token_gets_the_same_page(browser: Visitor, token: str) -> None:
    known_to_be_unknown = browser.get("/l/forged")
    for prefix in ("/l/", "/l"):
        answer = browser.get(prefix + token.replace("..", "%2e%2e"))
        assert (answer.status_code, answer.content) == (404, known_to_be_unknown.content)
        assert answer.headers == known_to_be_unknown.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        (f"/l/{links.APPROVAL}", 200),
        (f"/l/{links.EXPIRED}", 410),
        (f"/l/{links.OUTDATED}", 410),
        (f"/l/{links.WORK}", 200),
        (f"/l/{links.NO_AGENT}", 403),
        (f"/l/{links.BROKEN}", 500),
        ("/l/forged", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ],
)
def test_every_page_keeps_the_link_secret(browser: Visitor, path: str, status: int) -> None:
    answer = browser.get(path, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert answer.status_code == status
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    policy = answer.headers["content-security-policy"]
    for part in (
        "default-src 'none'",
        "style-src 'sha256-",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert "evil.example" not in answer.text + str(answer.headers)
    assert "set-cookie" not in answer.headers


def test_a_failing_page_shows_an_apology_and_logs_no_token(
    browser: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (
        browser.get(f"/l/{links.BROKEN}"),
        browser.post(f"/l/{links.BROKEN}", data={"choice": "approve"}),
    ):
        assert answer.status_code == 500
        assert "Something went wrong on our side" in answer.text
        assert "Traceback" not in answer.text
        assert "locked" not in answer.text
    assert "the database is locked" in caplog.text
    assert links.BROKEN not in caplog.text


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("field", ["subject", "viewer", "requester", "resolution", "status"])
def test_text_of_strangers_is_escaped(
    browser: Visitor, link_pages: LinkPagesFake, purpose: Purpose, field: str
) -> None:
    link_pages.pages[links.VIEW] = links.page(purpose, **{field: links.SCRIPT})
    for choices in ((), (Choice.ACCEPT, Choice.REJECT)):
        link_pages.pages[links.VIEW] = replace(link_pages.pages[links.VIEW], choices=choices)
        page = browser.get(f"/l/{links.VIEW}").text
        assert "<script" not in page
        assert "<img" not in page


def test_a_conversation_keeps_its_white_space(browser: Visitor, link_pages: LinkPagesFake) -> None:
    entry = replace(
        link_pages.pages[links.VIEW].conversation[0],
        author=links.SCRIPT,
        text=f"one\n   two\n{links.SCRIPT} http://evil.example/",
    )
    for token in (links.VIEW, links.APPROVAL, links.RESOLUTION):
        link_pages.pages[token] = replace(link_pages.pages[token], conversation=(entry, entry))
        page = browser.get(f"/l/{token}").text
        assert "one\n   two\n&lt;script&gt;" in page
        assert "<script" not in page
        assert "href=" not in page


@pytest.mark.parametrize("token", [links.VIEW, links.APPROVAL, links.RESOLUTION])
def test_an_unproven_message_says_that_its_sender_is_not_certain(
    browser: Visitor, link_pages: LinkPagesFake, token: str
) -> None:
    said = link_pages.pages[token].conversation
    doubt = "We could not confirm that"
    assert doubt not in browser.get(f"/l/{token}").text
    for place in range(len(said)):
        one = replace(said[place], proven=False)
        entries = (*said[:place], one, *said[place + 1 :])
        link_pages.pages[token] = replace(link_pages.pages[token], conversation=entries)
        page = browser.get(f"/l/{token}").text
        assert page.count(doubt) == 1
        assert f"{doubt} <bdi>{one.author}</bdi> sent this" in page


def test_a_requesters_ticket_shows_its_status_in_plain_words(browser: Visitor) -> None:
    page = browser.get(f"/l/{links.VIEW}").text
    assert "The service desk is working on it." in page
    assert page.count("<li") == 3
    assert "<form" not in page


@pytest.mark.parametrize(
    ("status", "state", "says"),
    [
        ("With the vendor", "On-Hold", "The ticket is on hold."),  # an admin's own status
        ("Odd", "Odd", "Odd"),
    ],
)
def test_an_unknown_status_is_described_by_its_state(
    browser: Visitor, link_pages: LinkPagesFake, status: str, state: str, says: str
) -> None:
    link_pages.pages[links.VIEW] = links.page(Purpose.VIEW, status=status, state=state)
    assert says in browser.get(f"/l/{links.VIEW}").text


@pytest.mark.parametrize(
    ("purpose", "decided", "says"),
    [
        (
            Purpose.APPROVAL,
            Decided("approve", "Max Moll", links.NOW, by_viewer=True),
            "You approved this request",
        ),
        (Purpose.APPROVAL, Decided("reject", "Lena", links.NOW), "Lena rejected this request"),
        # somebody else of the viewer's name
        (Purpose.APPROVAL, Decided("reject", "Max Moll", links.NOW), "Max Moll rejected this"),
        (
            Purpose.RESOLUTION,
            Decided("accept", "Rita Reed", links.NOW, by_viewer=True),
            "You accepted the resolution",
        ),
        (
            Purpose.RESOLUTION,
            Decided("reject", "Rita Reed", links.NOW, by_viewer=True),
            "You rejected the resolution",
        ),
        # by a mail while it waited for the answer
        (
            Purpose.RESOLUTION,
            Decided("reopened", "Rita Reed", links.NOW, by_viewer=True),
            "You reopened this ticket",
        ),
        (Purpose.RESOLUTION, Decided("reopened", "Ann", links.NOW), "Ann reopened this ticket"),
        # closed by nobody, by an agent, and by the desk
        (
            Purpose.RESOLUTION,
            Decided("closed", "", links.NOW),
            "so the ticket was closed automatically",
        ),
        (Purpose.RESOLUTION, Decided("closed", "Ann", links.NOW), "Ann closed this ticket"),
        (
            Purpose.RESOLUTION,
            Decided("closed", Message.of("page.by-service-desk"), links.NOW),
            "The service desk closed this ticket",
        ),
        (Purpose.WORK, Decided("resolve", "Ann", links.NOW), "Ann resolved this ticket"),
        (Purpose.WORK, Decided("closed", "Ann", links.NOW), "Ann closed this ticket"),
        (Purpose.RESOLUTION, None, "There is nothing to decide now"),
    ],
)
@pytest.mark.parametrize("outdated", [False, True])
def test_a_decision_is_described_in_words(
    browser: Visitor,
    link_pages: LinkPagesFake,
    purpose: Purpose,
    decided: Decided | None,
    says: str,
    outdated: bool,
) -> None:
    link_pages.pages[links.VIEW] = links.page(purpose, decided=decided, outdated=outdated)
    answer = browser.get(f"/l/{links.VIEW}")
    gone = outdated and decided is None
    assert answer.status_code == (410 if gone else 200)
    assert ("This link is out of date" if gone else says) in answer.text


def test_an_agent_takes_a_ticket_and_resolves_it(
    browser: Visitor, link_pages: LinkPagesFake
) -> None:
    address = f"/l/{links.WORK}"
    assert "No agent has taken this ticket yet." in browser.get(address).text
    assert browser.post(address, data={"choice": "take it"}).status_code == 303
    mine = browser.get(address).text
    assert "You have been the assignee since" in mine
    assert 'value="take it"' not in mine
    empty = browser.post(address, data={"choice": "resolve", "comment": " "})
    assert empty.status_code == 422
    assert "Please enter the resolution" in empty.text
    assert browser.post(address, data={"choice": "resolve", "comment": "Toner."}).is_redirect
    assert "You resolved this ticket" in browser.get(address).text
    late = browser.post(address, data={"choice": "resolve", "comment": "A new drum."})
    assert late.status_code == 409
    assert "Another agent was faster" in late.text
    assert "Your text was not sent" in late.text
    assert "A new drum." in late.text
    assert link_pages.decisions == [
        (links.WORK, Work.TAKE, ""),
        (links.WORK, Work.RESOLVE, "Toner."),
    ]


def test_a_ticket_that_cannot_be_resolved_shows_the_reason_and_no_form(browser: Visitor) -> None:
    page = browser.get(f"/l/{links.HINDERED}").text
    assert "This ticket cannot be resolved now" in page
    assert "The ticket is waiting for an approval." in page
    assert "<form" not in page
    assert "<li" in page  # what was said so far


def test_a_person_who_is_not_an_agent_sees_nothing_of_the_ticket(
    browser: Visitor, link_pages: LinkPagesFake
) -> None:
    for answer in (
        browser.get(f"/l/{links.NO_AGENT}"),
        browser.post(f"/l/{links.NO_AGENT}", data={"choice": "resolve", "comment": "x"}),
    ):
        assert answer.status_code == 403
        assert "This page is for agents only" in answer.text
        assert spoken(1042) not in answer.text
    assert link_pages.decisions == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(
    browser: Visitor, link_pages: LinkPagesFake, method: str
) -> None:
    answer = browser.request(method, f"/l/{links.APPROVAL}")
    assert answer.status_code == 405
    assert link_pages.decisions == []


def test_healthz_answers_and_readyz_names_each_part() -> None:
    tired = Health((("web", True, "listening"), ("imap inbox", False, "login refused")))
    monitor = Visitor(application(LinkPagesFake(), tired))
    assert monitor.get("/healthz").status_code == 200
    answer = monitor.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "parts": [
            {"name": "web", "ok": True, "detail": "listening"},
            {"name": "imap inbox", "ok": False, "detail": "login refused"},
        ],
    }


def test_readyz_is_200_when_every_part_works(browser: Visitor) -> None:
    assert browser.get("/readyz").json()["ready"] is True
    assert browser.head("/healthz").status_code == 200


def test_a_ticket_number_looks_the_same_on_all_pages() -> None:
    templates = files("maildesk").joinpath("templates", "web").iterdir()
    assert [one.name for one in templates if "MD-" in one.read_text("utf-8")] == []
    page = Visitor(application(LinkPagesFake())).get(f"/l/{links.VIEW}").text
    assert page.count(spoken(1042)) == 2  # the title and above the heading
