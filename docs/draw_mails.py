"""Draws each kind of mail as a reader sees it: `.venv/bin/python docs/draw_mails.py`.

A picture has the mail on a phone in light and dark, and wide in light and dark. It is drawn with
the Chromium of the system from the samples of `maildesk template preview`.
"""

import sys
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Literal, cast

from playwright.sync_api import Browser, sync_playwright

sys.path[0] = str(Path(__file__).resolve().parents[1])

from maildesk.model.decision import Template  # noqa: E402
from maildesk.outgoing.compose import template_words  # noqa: E402
from maildesk.outgoing.templating.mail_templates import MailTemplates  # noqa: E402
from maildesk.outgoing.templating.template_samples import complete  # noqa: E402

FOLDER = Path(__file__).parent / "mails"
CHROMIUM = "/usr/bin/chromium"
_LOOKS = ((390, "light"), (390, "dark"), (640, "light"), (640, "dark"))


def main() -> None:
    """Draw every mail that the desk sends."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for template in Template:
            _draw(browser, template)
        browser.close()


def _draw(browser: Browser, template: Template) -> None:
    made = complete(template)
    words = template_words(made, "en")
    html = MailTemplates().render(template, words, made.reader, "en").html
    shots = [_shot(browser, html, width, scheme) for width, scheme in _LOOKS]
    columns = "".join(f'<img src="data:image/png;base64,{one}">' for one in shots)
    page = browser.new_page(viewport={"width": 2_140, "height": 400}, device_scale_factor=0.5)
    page.set_content(
        f"<title>{escape(template)}</title><body style='margin:0;display:flex;gap:20px;"
        f"align-items:flex-start;background:#ccc'>{columns}"
    )
    page.screenshot(path=FOLDER / f"{template}.jpg", full_page=True, type="jpeg", quality=75)
    page.close()


def _shot(browser: Browser, html: str, width: int, scheme: str) -> str:
    context = browser.new_context(
        viewport={"width": width, "height": 400},
        color_scheme=cast("Literal['light', 'dark']", scheme),
    )
    page = context.new_page()
    page.set_content(html)
    shot = b64encode(page.screenshot(full_page=True)).decode()
    context.close()
    return shot


if __name__ == "__main__":
    main()
