"""Whole mails, attachments and folded signatures in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.web.pictures import png
from tests.web.runtime_pages import Looking, pages_of
from tests.web.served import served
from tests.world import ADDRESS, Part, World, build

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PHONE: ViewportSize = {"width": 390, "height": 844}
SHOT = Part("Screenshot.png", png(240, 200, 120, 40), "image/png", "shot")
LOGO = Part("logo.png", png(10, 90, 140), "image/png", "logo")
PLAN = Part("The plan of the third floor, with every printer on it.pdf", b"%PDF" * 50_000)
HTML = (
    '<h2 style="color:#b00020">On the 3rd floor</h2><p>See <img src="cid:shot"></p>'
    '<img src="http://evil.example/p.png" alt="Our fair"><img src="cid:logo">'
    + "<p>And so on.</p>"
    * 60
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ticket of Rita's with everything in it, and one mail that nobody proved."""
    one = build(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    for subject in ("Earlier", "Later", "Printer broken"):
        one.writes(
            "rita",
            "It is broken.\n\n> quoted",
            trusted=True,
            html=HTML,
            parts=[PLAN, SHOT, LOGO] if subject == "Printer broken" else [LOGO],
            subject=subject,
        )
    (known, *_) = reversed(
        [
            outgoing_mail
            for outgoing_mail in one.outgoing_mails()
            if outgoing_mail.to == ADDRESS["rita"]
        ]
    )
    answered = {"In-Reply-To": str(known.message["Message-ID"])}
    one.writes("rita", "And again.", headers=answered, parts=[PLAN])
    yield one
    one.close()


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    with served(pages_of(world)) as service:
        yield f"http://127.0.0.1:{service.port}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def phone(chromium: Browser, base: str) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, base_url=base)
    yield context.new_page()
    context.close()


def test_the_whole_mail_is_one_click_away_and_back(phone: Page, world: World) -> None:
    phone.goto(f"/l/{Looking(world).token(1003)}")
    expect(phone.get_by_text("quoted")).to_have_count(1)  # the first mail is shown whole anyway
    phone.get_by_role("link", name="Show the whole mail").first.click()
    mail = phone.frame_locator("iframe")
    expect(mail.get_by_role("heading", name="On the 3rd floor")).to_be_visible()
    expect(mail.get_by_text("[picture not loaded: Our fair]")).to_be_visible()
    phone.get_by_text("Text only").click()
    expect(phone.get_by_text("> quoted")).to_be_visible()
    phone.get_by_role("link", name="Back to ticket MD-1003").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Printer broken")


def test_the_pictures_of_the_mail_are_shown_inline(phone: Page, world: World) -> None:
    answered = []
    phone.on("requestfinished", lambda one: answered.append(one.url.partition("/mail/")[2][26:]))
    phone.goto(Looking(world).mail(1003))
    phone.wait_for_load_state("networkidle")
    assert sorted(answered) == ["", "/formatted", "/picture/1", "/picture/2"]
    boxes = [one.bounding_box() for one in phone.frame_locator("iframe").locator("img").all()]
    assert [round(box["width"]) for box in boxes if box] == [40, 8]


def test_an_attachment_is_saved_and_a_signature_is_folded(
    phone: Page, world: World, tmp_path: Path
) -> None:
    phone.goto(f"/l/{Looking(world).token(1003)}")
    with phone.expect_download() as saved:
        phone.get_by_role("link", name=PLAN.name).click()
    assert saved.value.suggested_filename == PLAN.name
    saved.value.save_as(tmp_path / "plan")
    assert (tmp_path / "plan").read_bytes() == PLAN.data
    expect(phone.get_by_role("link", name="logo.png")).not_to_be_visible()
    phone.get_by_text("1 picture from the signature").click()
    phone.get_by_role("link", name="logo.png").click()
    assert phone.url.endswith("/picture/2")


def test_the_tab_order_follows_the_reading_order(
    chromium: Browser, base: str, world: World
) -> None:
    context = chromium.new_context(viewport=PHONE, base_url=base)
    page = context.new_page()
    page.goto(Looking(world).mail(1003))
    met = []
    for _ in range(6):
        page.keyboard.press("Tab")
        met.append(
            page.evaluate("document.activeElement.innerText || document.activeElement.title")
        )
    page.goto(page.url)
    heading = page.frames[1].get_by_role("heading")
    for key in ("Tab", "Tab"):
        page.keyboard.press(key)
    places = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        page.wait_for_timeout(500)
        box = heading.bounding_box()
        assert box is not None
        places.append(box["y"] + page.evaluate("window.scrollY"))
    context.close()
    assert places[1] < places[0] - 1_000  # a long mail is scrolled by the keyboard, too
    assert met == [
        "Back to ticket MD-1003",
        "Formatted mail",
        "Text only",
        PLAN.name,
        "Screenshot.png",
        "1 picture from the signature",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("who", ["rita", "ann"])
def test_axe_finds_nothing_on_tickets_with_mails(
    chromium: Browser, base: str, world: World, who: str, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(viewport=PHONE, color_scheme=scheme, base_url=base)
    page = context.new_page()
    looking = Looking(world, who)
    for path in (f"/l/{looking.token(1003)}", looking.mail(1003)):
        page.goto(path)
        for folded in page.locator("summary").all():
            folded.click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        marks = page.evaluate(
            "[...document.querySelectorAll('.enclosed li')]"
            ".map(one => getComputedStyle(one, '::before').content)"
        )
        assert set(marks) == {"none"}  # the dots of the conversation are not those of its lists
    context.close()
