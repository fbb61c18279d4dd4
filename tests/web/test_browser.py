"""The pages in a real browser: a person decides by touch or by keyboard, on a phone."""

import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from maildesk.model.cause import Choice, Work
from maildesk.model.links.page import Decided
from maildesk.model.links.token import Purpose
from maildesk.web.server import WebService
from tests.web import link_pages_fake as links
from tests.web.link_pages_fake import LinkPagesFake
from tests.web.served import application, served

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

DECIDED = "d" * 64
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def link_pages() -> LinkPagesFake:
    link_pages = LinkPagesFake()
    link_pages.pages[DECIDED] = links.page(
        Purpose.APPROVAL, decided=Decided("approve", "Lena Lind", links.NOW)
    )
    return link_pages


@pytest.fixture
def service(link_pages: LinkPagesFake) -> Iterator[WebService]:
    with served(application(link_pages)) as running:
        yield running


@pytest.fixture
def phone(chromium: Browser, service: WebService) -> Iterator[Page]:
    """A phone without JavaScript, at the address of the desk."""
    context = chromium.new_context(
        viewport=PHONE, java_script_enabled=False, base_url=f"http://127.0.0.1:{service.port}"
    )
    yield context.new_page()
    context.close()


def test_a_person_chooses_and_sends(phone: Page, link_pages: LinkPagesFake) -> None:
    phone.goto(f"/l/{links.APPROVAL}")
    expect(phone.get_by_role("radio", name="Approve")).not_to_be_checked()
    expect(phone.get_by_role("radio", name="Reject")).not_to_be_checked()
    phone.get_by_text(
        "The service desk will carry out the request."
    ).click()  # anywhere on the card
    phone.get_by_role("button", name="Send my decision").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You approved this request")
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You approved this request")
    assert link_pages.decisions == [(links.APPROVAL, Choice.APPROVE, "")]


def test_a_person_who_forgets_the_reason_is_asked_for_it(
    phone: Page, link_pages: LinkPagesFake
) -> None:
    phone.goto(f"/l/{links.RESOLUTION}")
    phone.get_by_role("button", name="Send my decision").click()
    expect(phone.get_by_role("alert")).to_contain_text("Please choose first")
    phone.get_by_role("radio", name="Reject").check()
    phone.get_by_role("button", name="Send my decision").click()
    phone.get_by_role("alert").get_by_role("link", name="Please say why you reject").click()
    expect(phone.get_by_role("radio", name="Reject")).to_be_checked()
    phone.get_by_label("Your reason or comment").fill("It is still slow.\nSince Monday.")
    phone.get_by_role("button", name="Send my decision").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You rejected the resolution")
    assert link_pages.decisions == [
        (links.RESOLUTION, Choice.REJECT, "It is still slow.\nSince Monday.")
    ]


def test_the_keyboard_alone_is_enough(phone: Page, link_pages: LinkPagesFake) -> None:
    phone.goto(f"/l/{links.RESOLUTION}")
    for key in ("Tab", "Space", "ArrowDown", "Tab"):
        phone.keyboard.press(key)
    phone.keyboard.type("Not yet")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("You rejected the resolution")
    assert link_pages.decisions == [(links.RESOLUTION, Choice.REJECT, "Not yet")]


def test_an_agent_resolves_a_ticket(phone: Page, link_pages: LinkPagesFake) -> None:
    phone.goto(f"/l/{links.WORK}")
    for name in ("Resolve", "Take it"):
        expect(phone.get_by_role("radio", name=name)).not_to_be_checked()
    phone.get_by_role("radio", name="Resolve").check()
    phone.get_by_role("button", name="Send").click()
    phone.get_by_role("alert").get_by_role("link", name="Please enter the resolution").click()
    phone.get_by_label("Resolution or note").fill("A new drum is in.")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You resolved this ticket")
    assert link_pages.decisions == [(links.WORK, Work.RESOLVE, "A new drum is in.")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_no_request_leaves_the_host(
    chromium: Browser,
    service: WebService,
    link_pages: LinkPagesFake,
    scheme: Literal["light", "dark"],
) -> None:
    hostile = links.page(Purpose.RESOLUTION, subject=links.SCRIPT + "x" * 200)
    link_pages.pages[links.ILLEGAL] = hostile
    base = f"http://127.0.0.1:{service.port}"
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme, base_url=base)
    page = context.new_page()
    asked: list[str] = []
    grumbles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: grumbles.append(message.text))
    tokens = [links.APPROVAL, links.RESOLUTION, links.VIEW, links.OUTDATED, links.EXPIRED, DECIDED]
    tokens += [links.WORK, links.HINDERED, links.NO_AGENT]
    for path in ("/", *(f"/l/{token}" for token in [*tokens, links.ILLEGAL, "forged"])):
        page.goto(path)
        _find_nothing(page, path)
    for token in (links.APPROVAL, links.WORK):
        page.goto(f"/l/{token}")
        page.get_by_role("button", name="Send").click()
        _find_nothing(page, "a form that came back")
    context.close()
    assert [url for url in asked if not url.startswith(f"{base}/")] == []
    assert [text for text in grumbles if "Content Security Policy" in text] == []


def _find_nothing(page: Page, path: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"{path} scrolls sideways"


def test_every_target_is_large_enough_for_a_thumb(phone: Page) -> None:
    phone.goto(f"/l/{links.APPROVAL}")
    targets = [*phone.locator(".choice").all(), phone.get_by_role("button")]
    for target in targets:
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
