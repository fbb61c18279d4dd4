"""The demo: a helpdesk to try out in a browser, and an automatic story."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from rich.console import Console

from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mail_program import INBOX, SENT, NotSent
from maildesk.demo.mailbox_mail import Draft, answer, outgoing, read_letter
from maildesk.demo.performance import served
from maildesk.demo.render import framed
from maildesk.demo.servers import resident
from maildesk.demo.story.cast import ANN, DESK_ADDRESS, MAX, PERSONAS, RITA
from maildesk.demo.story.narration import NotAsItShould, Transcript, same, within
from maildesk.demo.story.polling import NotInTime, new_letter
from maildesk.demo.story.story import STORY
from tests.skips import needs

ROOT = Path(__file__).resolve().parent.parent
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 20_000  # milliseconds: the desk's first mail starts its reader
MAILDESK = (sys.executable, "-m", "maildesk")


def environ(temporary: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "NO_COLOR": "1"}


# ---- the command


def test_the_story_plays_automatically_and_prints_every_step(tmp_path: Path) -> None:
    told = subprocess.run(
        [*MAILDESK, "demo", "--story"],
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert [sentence for sentence, _ in STORY if sentence not in told.stdout] == []
    assert "\x1b" not in told.stdout
    assert "✗" not in told.stdout
    assert told.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_demo_prints_its_address_into_a_pipe_and_stops_within_ten_seconds(
    tmp_path: Path,
) -> None:
    running = subprocess.Popen(
        [*MAILDESK, "demo"],
        env=environ(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", running.stdout.readline())
        assert address, running.communicate(timeout=1)
        home = fetched(address[0])
        asked = time.monotonic()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=15)
    finally:
        running.kill()
    assert time.monotonic() - asked < 10
    assert running.returncode == 0
    assert "Waiting for Closure" in home
    assert "Completed" in home
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    arguments = [*MAILDESK, "demo", "--dir", str(tmp_path)]
    refused = subprocess.run(
        arguments, env=environ(tmp_path), capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_port_in_use_is_reported_in_one_line_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [*MAILDESK, "demo", "--port", str(port)],
            env=environ(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert refused.returncode == 1
    assert refused.stderr == (
        f"maildesk: port {port} of 127.0.0.1 is in use; choose another with --port, or omit it\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_without_its_extra_the_demo_says_in_a_line_what_to_install(tmp_path: Path) -> None:
    call = (
        "import sys; sys.modules['pymap'] = None; sys.argv = ['maildesk', 'demo']; "
        "from maildesk.cli import main; main()"
    )
    refused = subprocess.run(
        [sys.executable, "-c", call],
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr == "maildesk: the demo needs pymap; run pip install 'maildesk[demo]'\n"


# ---- the transcript


@pytest.mark.parametrize(
    ("check", "line"),
    [
        (lambda: same("the state", "Closed", "Open"), "expected: Closed"),
        (lambda: within("the page", "approved", "<p>no</p>"), "got:      <p>no</p>"),
    ],
)
def test_the_story_stops_at_the_first_failed_step_and_shows_both_values(check, line) -> None:  # type: ignore[no-untyped-def]
    def wrong(_stage: None) -> Iterator[str]:
        yield "so far so good"
        check()
        yield "never told"

    heard = StringIO()
    transcript = Transcript(Console(file=heard, width=100))
    with pytest.raises(NotAsItShould) as ended:
        transcript.play((("A step", wrong), ("Another", wrong)), None)
    transcript.failed(ended.value)
    assert "✓ so far so good" in heard.getvalue()
    assert line in heard.getvalue()
    assert "never told" not in heard.getvalue()
    assert "Another" not in heard.getvalue()


# ---- a mail program


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("desk@demo.example", "desk"),
        ("Desk+Token@Demo.Example", "desk"),  # the reply token is behind the plus
        ("rita@demo.example", "rita"),
        ("mallory@demo.example", None),
        ("rita@example.org", None),
        ("", None),
    ],
)
def test_each_address_leads_to_its_mailbox(address: str, user: str | None) -> None:
    assert resident(address) == user


def test_a_reply_is_sent_to_reply_to_and_stays_in_the_thread() -> None:
    sent = outgoing(Draft(to="ann@demo.example", subject="[MD-7] Toner", text="Out."), RITA)
    sent["Reply-To"] = "desk+token@demo.example"
    sent["References"] = "<first@demo.example>"
    letter = read_letter(bytes(sent), INBOX, 1, sent["Date"].datetime)
    reply = outgoing(answer(letter, "#take"), ANN)
    assert reply["To"] == "desk+token@demo.example"
    assert reply["Subject"] == "Re: [MD-7] Toner"
    assert reply["In-Reply-To"] == sent["Message-ID"]
    assert reply["References"] == f"<first@demo.example> {sent['Message-ID']}"
    assert reply.get_content().startswith("#take\n\nOn ")
    assert "> Out." in reply.get_content()


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        # in the head, so that the doctype stays first
        (
            "<!DOCTYPE html><html><head><title>",
            '<!DOCTYPE html><html><head><base target="_blank"><title>',
        ),
        ("<p>Hi", '<base target="_blank"><p>Hi'),
        ("<header>", '<base target="_blank"><header>'),
    ],
)
def test_links_of_a_mail_open_outside_its_frame(html: str, shown: str) -> None:
    assert framed(html) == shown


def test_the_desk_knows_every_person_of_the_demo() -> None:
    known = tomllib.loads(files("maildesk.demo").joinpath("people.toml").read_text("utf-8"))
    people = {(person["name"], person["address"]) for person in known["person"]}
    assert people == {(persona.name, persona.address) for persona in PERSONAS}


# ---- the house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoEnvironment]:
    with DemoEnvironment.build(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def address(house: DemoEnvironment) -> Iterator[str]:
    with served(house) as running:
        yield running.rstrip("/")


def fetched(url: str, data: bytes | None = None, **headers: str) -> str:
    """The page, whatever its status: the first line is the status."""
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as page:
            return f"{page.status}\n{page.read().decode()}"
    except urllib.error.HTTPError as refused:
        return f"{refused.code}\n{refused.read().decode()}"


def test_a_rejected_mail_is_not_stored_as_sent(house: DemoEnvironment) -> None:
    rita = house.program(RITA)
    with pytest.raises(NotSent, match="unknown recipient"):
        rita.send(Draft(to="nobody@demo.example", subject="Hello?"))
    with pytest.raises(NotSent, match="recipient"):
        rita.send(Draft(to="", subject="Hello?"))
    assert [letter.subject for letter in rita.letters(SENT)] == []


def test_a_missing_mail_is_reported_with_the_mails_that_arrived(house: DemoEnvironment) -> None:
    house.program(ANN).send(Draft(to=MAX.address, subject="Lunch", text="Today?"))
    with pytest.raises(NotInTime, match=r"Dinner.*Lunch"):
        new_letter(house.program(MAX), subject="Dinner", seconds=0.2)


@pytest.mark.parametrize("path", ["/nobody", "/rita/trash", "/rita/inbox/999", "/rita/inbox/x"])
def test_an_unknown_address_shows_the_error_page(address: str, path: str) -> None:
    assert fetched(address + path)[:3] == "404"
    assert "Page not found" in fetched(address + path)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://mallory.example"}, "403"),  # a form on another site
        ({"Origin": "null"}, "403"),  # the frame of a mail
        ({"Host": "mallory.example"}, "400"),  # a name that is made to lead here
    ],
)
def test_no_other_site_sends_mail_through_the_page(
    address: str, headers: dict[str, str], status: str
) -> None:
    form = urllib.parse.urlencode({"to": DESK_ADDRESS, "subject": "New laptop"}).encode()
    assert fetched(f"{address}/rita/write", form, **headers).startswith(status)


def test_an_unsent_mail_is_shown_again_with_the_reason(address: str) -> None:
    form = urllib.parse.urlencode({"to": "x@demo.example", "subject": "S", "text": "My words"})
    page = fetched(f"{address}/rita/write", form.encode())
    assert page.startswith("422")
    assert "unknown recipient" in page
    assert "My words" in page


def test_every_article_can_be_read(address: str) -> None:
    home = fetched(f"{address}/")
    paths = re.findall(r'href="(/articles/[\w-]+)"', home)
    assert len(paths) >= 3
    assert all(fetched(address + path).startswith("200") for path in paths)


# ---- in a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(viewport=DESKTOP, base_url=address)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def write(page: Page, user: str, subject: str, text: str) -> None:
    page.goto(f"/{user}")
    page.get_by_role("link", name="Write").click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()


def open_mail(page: Page, user: str, *words: str) -> None:
    """Wait for the mail as a person does: the list renews itself."""
    page.goto(f"/{user}")
    mail = page.locator("#mails a")
    for word in words:
        mail = mail.filter(has_text=word)
    mail.first.click(timeout=PATIENCE)
    page.wait_for_url(re.compile(rf"/{user}/inbox/\d+"))


def reply(page: Page, words: str) -> None:
    page.get_by_role("link", name="Reply", exact=True).click()
    quoted = page.get_by_label("Message").input_value()
    page.get_by_label("Message").fill(words + quoted)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()


@needs("chromium")
def test_rita_writes_ann_answers_and_rita_sees_it(page: Page, tmp_path: Path) -> None:
    write(page, "rita", "Printer on the third floor", "It jams.\n\nRita")
    open_mail(page, "rita", "Printer on the third floor", "Thank you for contacting us")
    mail = page.frame_locator("iframe.body")
    expect(mail.get_by_role("heading", name="We received your request")).to_be_visible()
    open_mail(page, "ann", "Printer on the third floor", "A new ticket")
    expect(page.get_by_role("link", name="Reply with #take")).to_be_visible()
    reply(page, "Hello Rita,\n\nI bring new rollers at two.\n\nAnn")
    open_mail(page, "rita", "Printer on the third floor", "rollers at two")
    expect(mail.get_by_text("I bring new rollers at two.", exact=True)).to_be_visible()
    picture = page.screenshot(path=tmp_path / "demo.png")
    assert len(picture) > 20_000
    frame = page.locator("iframe.body")
    assert frame.evaluate("f => f.contentDocument.documentElement.scrollHeight <= f.clientHeight")
    assert frame.evaluate("f => f.contentDocument.compatMode") == "CSS1Compat"


@needs("chromium")
def test_max_approves_with_the_button_of_his_mail(page: Page, house: DemoEnvironment) -> None:
    write(page, "rita", "New notebook please", "Mine is six years old.")
    open_mail(page, "max", "New notebook please", "requests your approval")
    expect(page.get_by_role("link", name="Reply with approve")).to_be_visible()
    with page.expect_popup() as opened:
        page.frame_locator("iframe.body").get_by_role("link", name="Approve").click()
    link_page = opened.value
    link_page.get_by_role("radio", name="Approve").check()
    link_page.get_by_role("button", name="Send my decision").click()
    expect(link_page.get_by_role("heading", level=1)).to_have_text("You approved this request")
    letter = new_letter(house.program(ANN), says="Max Moreno approved the request")
    assert "New notebook please" in letter.subject


@needs("chromium")
@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Browser,
    address: str,
    house: DemoEnvironment,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    house.program(ANN).send(Draft(to=RITA.address, subject="W" * 120, text="x" * 300))
    uid = new_letter(house.program(RITA), subject="WWW").uid
    context = chromium.new_context(viewport=viewport, color_scheme=scheme, base_url=address)
    page = context.new_page()
    grumbles: list[str] = []
    page.on("console", lambda message: grumbles.append(message.text))
    for path in (
        *("/", "/rita", "/max", "/ann", f"/rita/inbox/{uid}", f"/rita/write?reply={uid}"),
        *("/rita/write?start=0", "/rita/write", "/rita/sent", "/articles/vpn-from-home"),
    ):
        page.goto(path)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{path} scrolls sideways"
    context.close()
    assert [text for text in grumbles if "Content Security Policy" in text] == []


@needs("chromium")
def test_the_mailbox_works_without_a_script(
    chromium: Browser, address: str, house: DemoEnvironment
) -> None:
    context = chromium.new_context(viewport=PHONE, java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/lee")
    house.program(ANN).send(Draft(to="lee@demo.example", subject="Lunch", text="At noon?"))
    page.get_by_role("link", name="Check mail").click()
    page.get_by_role("link", name="Lunch").click()
    expect(page.get_by_role("article").get_by_text("At noon?")).to_be_visible()
    context.close()
