"""Hostile HTML, sent through the desk and looked at in a real browser: nothing runs, nothing is
fetched. The sanitiser and the policies of the answers hold alone, each without the other.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, Route, sync_playwright

from maildesk.ingest.html.sanitise import for_frame
from maildesk.web import guard
from tests.web.hostile_html import CALM, EVERY, LURES, MUTATIONS, SCRIPTS, TRACKERS
from tests.web.pictures import png
from tests.web.runtime_pages import Looking, pages_of
from tests.web.served import served
from tests.world import Part, World, build

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

SHOT = Part("shot.png", png(200, 30, 30), "image/png", "shot")
BARE = "http://bare.example"
SETTLED_MS = 25
LONG_MS = 1_500
AT_ONCE = 40


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def started(playwright: Playwright, *more: str) -> Browser:
    """Chromium for which no name of another host exists."""
    nowhere = "--host-resolver-rules=MAP *.example ~NOTFOUND"
    arguments = ["--no-sandbox", "--disable-background-networking", nowhere, *more]
    return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = started(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    one = build(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    yield one
    one.close()


def watched(context: BrowserContext) -> list[str]:
    """Every request from now on; they are let through."""
    seen: list[str] = []

    def note(route: Route) -> None:
        seen.append(route.request.url)
        route.continue_()

    context.route("**/*", note)
    return seen


def test_the_list_of_hostile_html_is_long_and_has_no_duplicates() -> None:
    assert len(EVERY) >= 60
    assert len(set(EVERY.values())) == len(EVERY)
    assert min(len(SCRIPTS), len(MUTATIONS), len(TRACKERS), len(LURES)) >= 15


def test_hostile_mails_run_nothing_and_fetch_nothing(chromium: Browser, world: World) -> None:
    rita = Looking(world)
    with served(pages_of(world)) as service:
        base = f"http://127.0.0.1:{service.port}"
        context = chromium.new_context(base_url=base)
        page, seen = context.new_page(), watched(context)
        for name, html in EVERY.items():
            options = {"html": CALM + html, "parts": [SHOT], "subject": name}
            world.arrives(world.mail("rita", "calm text", trusted=True, **options))
            seen.clear()
            address = rita.mail()
            page.goto(address)
            page.wait_for_timeout(SETTLED_MS)
            assert [url for url in seen if not url.startswith(f"{base}/l/")] == [], name
            assert f"{base}{address}/formatted" in seen, name
            frame = page.frames[1].locator("body").inner_text()
            assert "Good morning, the printer is broken." in frame, name
        context.close()


class Bare:
    """A place without our pages: frames that hold what they are given, under any policy or none."""

    def __init__(self, chromium: Browser) -> None:
        self.context = chromium.new_context()
        self._page = self.context.new_page()
        self._asked: dict[str, set[str]] = {}
        self._documents: dict[str, str] = {}
        self._policies = {"frame": "", "page": ""}
        self.context.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        url = route.request.url
        name = url.removeprefix(f"{BARE}/frame/")
        if url == f"{BARE}/page":
            frames = (f"<iframe name={n} src=/frame/{n}></iframe>" for n in self._documents)
            self._fulfil(route, "".join(frames), self._policies["page"])
        elif name in self._documents:
            self._fulfil(route, CALM + self._documents[name], self._policies["frame"])
        elif url.startswith(f"{BARE}/frame/picture/"):
            route.fulfill(body=SHOT.data, headers={"Content-Type": "image/png"})
        else:
            if not url.startswith(BARE):
                self._asked.setdefault(self._of_which(route), set()).add(url)
            route.abort()

    @staticmethod
    def _fulfil(route: Route, body: str, policy: str) -> None:
        kind = {"Content-Type": "text/html; charset=utf-8"}
        html = f"<!doctype html><html><head><title>x</title></head><body>{body}"
        route.fulfill(body=html, headers=kind | ({guard.POLICY: policy} if policy else {}))

    @staticmethod
    def _of_which(route: Route) -> str:
        try:
            frame = route.request.frame
        except Error:
            return "of no frame"
        while frame.parent_frame is not None and frame.parent_frame.parent_frame is not None:
            frame = frame.parent_frame
        return frame.name

    def open(
        self, htmls: dict[str, str], policy: str = "", command_context: str = ""
    ) -> dict[str, set[str]]:
        """What is asked of others where a browser shows these, by name."""
        names, asked = list(htmls), {}
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            self._documents = {str(start + n): htmls[name] for n, name in enumerate(some)}
            self._policies = {"frame": policy, "page": command_context}
            self._page.goto(f"{BARE}/page", wait_until="commit")
            self._page.wait_for_timeout(LONG_MS)
            self._page.goto("about:blank")
        for number, urls in self._asked.items():
            asked[names[int(number)] if number.isdigit() else number] = urls
        self._asked = {}
        return asked


@pytest.fixture
def bare(chromium: Browser) -> Iterator[Bare]:
    place = Bare(chromium)
    yield place
    place.context.close()


def test_the_sanitiser_holds_without_a_policy(bare: Bare) -> None:
    shown = {name: for_frame(html, {"shot": "picture/0"}.get) for name, html in EVERY.items()}
    assert bare.open({name: one.html for name, one in shown.items() if one is not None}) == {}
    assert None not in shown.values()


def test_the_policies_hold_without_the_sanitiser(bare: Bare) -> None:
    frame, command_context = (
        guard.frame_policy("'sha256-x'"),
        guard.policy("'sha256-x'", frames=True),
    )
    assert bare.open(EVERY, frame, command_context) == {}


HINTS = {name: html for name, html in TRACKERS.items() if name.startswith(("link", "base"))}


@pytest.mark.parametrize("safe", [True, False])
def test_resource_hints_cause_no_dns_query_and_no_connection(
    playwright: Playwright, tmp_path: Path, safe: bool
) -> None:
    """What no request shows: the browser's own log of the network says it."""
    log = tmp_path / "net.json"
    shown = {name: for_frame(html, {}.get) for name, html in HINTS.items()}
    clean = {name: one.html for name, one in shown.items() if one is not None}
    policy = guard.frame_policy("'sha256-x'") if safe else ""
    browser = started(playwright, f"--log-net-log={log}")
    Bare(browser).open(clean if safe else HINTS, policy)
    browser.close()
    assert ("evil.example" in log.read_text("utf-8", "replace")) is not safe


def test_the_list_is_hostile_without_sanitiser_and_policy(bare: Bare) -> None:
    least = {"script": 25, "mutation": 4, "tracker": 30}
    works: set[str] = set()
    for _ in range(4):  # on a busy machine not every mail gets to work while it is looked at
        works |= bare.open(EVERY).keys()
        found = {kind: sum(name.startswith(kind) for name in works) for kind in least}
        if all(found[kind] >= count for kind, count in least.items()):
            return
    raise AssertionError(f"{found} of {least}: {sorted(works)}")
