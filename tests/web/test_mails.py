"""Whole mails and attachments: the responses that a browser gets."""

import re
from dataclasses import replace

import pytest

from maildesk.ingest.html.sanitise import for_frame, sanitise
from maildesk.model.links.page import Enclosed, Enclosure, Enclosures, WholeMail
from tests.web import link_pages_fake as links
from tests.web.hostile_html import EVERY
from tests.web.link_pages_fake import LinkPagesFake
from tests.web.pictures import png
from tests.web.served import Visitor

ID = "m" * 26
PICTURE = png(1, 2, 3)


@pytest.fixture
def link_pages() -> LinkPagesFake:
    """Rita's ticket with a mail that holds everything."""
    link_pages = LinkPagesFake()
    enclosures = Enclosures(
        files=(Enclosed(0, "<b>plan.pdf", 14_200),),
        pictures=(Enclosed(1, "shot.png", 2_300_000),),
        signature=(Enclosed(2, "logo.png", 900), Enclosed(3, "line.png", 80)),
    )
    said = replace(
        link_pages.pages[links.VIEW].conversation[0], id=ID, opens=True, enclosures=enclosures
    )
    page = link_pages.pages[links.VIEW]
    link_pages.pages[links.VIEW] = replace(page, conversation=(said, *page.conversation[1:]))
    link_pages.mails[links.VIEW, ID] = WholeMail(
        number=1042,
        subject=links.SCRIPT,
        entry=said,
        text=f"all of it\n> {links.SCRIPT}",
        html='<p style="color:red">x</p>',
        left_out=2,
    )
    return link_pages


def _puts(link_pages: LinkPagesFake, name: str, type_: str, data: bytes) -> str:
    found = Enclosure(name=name, type=type_, size=len(data), pieces=iter([data[:2], data[2:]]))
    link_pages.enclosures[links.VIEW, ID, 7] = found
    return f"/l/{links.VIEW}/mail/{ID}"


def test_the_conversation_lists_the_attachments_of_a_message(browser: Visitor) -> None:
    page = browser.get(f"/l/{links.VIEW}").text
    place = f"{links.VIEW}/mail/{ID}"
    assert f'<a href="{place}/file/0"><bdi>&lt;b&gt;plan.pdf</bdi></a>' in page
    assert "14 kB" in page
    assert f'<a href="{place}/picture/1"><bdi>shot.png</bdi></a>' in page
    assert "2.3 MB" in page
    assert "<summary>2 pictures from the signature</summary>" in page
    assert f'<a href="{place}">Show the whole mail</a>' in page
    assert page.count("Show the whole mail") == 1


@pytest.mark.parametrize(("withheld", "says"), [(0, 0), (1, 1), (3, 1)])
def test_withheld_attachments_are_mentioned(
    browser: Visitor, link_pages: LinkPagesFake, withheld: int, says: int
) -> None:
    page = link_pages.pages[links.VIEW]
    said = replace(page.conversation[0], enclosures=Enclosures(withheld=withheld), proven=False)
    link_pages.pages[links.VIEW] = replace(page, conversation=(said,))
    shown = browser.get(f"/l/{links.VIEW}").text
    assert shown.count("Only the service desk can open") == says


def test_a_whole_mail_is_text_beside_a_frame_that_can_do_nothing(browser: Visitor) -> None:
    answer = browser.get(f"/l/{links.VIEW}/mail/{ID}")
    assert answer.status_code == 200
    assert "all of it\n&gt; &lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "2 pictures from other servers were not loaded" in answer.text
    assert f'<iframe src="{ID}/formatted"' in answer.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.text
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    assert f'href="../../{links.VIEW}"' in answer.text


def test_the_frame_has_a_separate_policy(browser: Visitor) -> None:
    answer = browser.get(f"/l/{links.VIEW}/mail/{ID}/formatted")
    assert '<p style="color:red">x</p>' in answer.text
    policy = answer.headers["content-security-policy"]
    for part in (
        "default-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    ):
        assert part in policy.split("; ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-dns-prefetch-control"] == "off"


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("plan.pdf", "filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"),
        ('a"; b=c.exe', "filename=\"a__ b_c.exe\"; filename*=UTF-8''a%22%3B%20b%3Dc.exe"),
        ("Größe.pdf", "filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf"),
        ("a\r\nCookie: x", "filename=\"a__Cookie_ x\"; filename*=UTF-8''a%0D%0ACookie%3A%20x"),
        ("", "filename=\"\"; filename*=UTF-8''"),
    ],
)
def test_an_attachment_is_downloaded_under_its_name(
    browser: Visitor, link_pages: LinkPagesFake, name: str, disposition: str
) -> None:
    place = _puts(link_pages, name, "application/octet-stream", b"<script>")
    answer = browser.get(f"{place}/file/7")
    assert answer.content == b"<script>"
    assert answer.headers["content-disposition"] == f"attachment; {disposition}"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == "8"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("kind", "type_", "begins"),
    [
        ("picture", "image/png", "inline"),
        ("file", "image/png", "attachment"),
        # what only calls itself a picture
        ("picture", "application/octet-stream", "attachment"),
    ],
)
def test_a_picture_may_be_shown(
    browser: Visitor, link_pages: LinkPagesFake, kind: str, type_: str, begins: str
) -> None:
    answer = browser.get(f"{_puts(link_pages, 'shot.png', type_, PICTURE)}/{kind}/7")
    assert answer.content == PICTURE
    assert answer.headers["content-type"] == type_
    assert answer.headers["content-disposition"].startswith(f"{begins}; ")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    "rest",
    [
        *("mail", "mail/", f"mail/{'x' * 26}", f"mail/{ID}/file", f"mail/{ID}/file/8"),
        *(f"mail/{ID}/file/-1", f"mail/{ID}/file/{'1' * 5000}", f"mail/{ID}/file/¹"),
        *(f"mail/{ID}/picture/x", f"mail/{ID}/other/0", f"mail/{ID}/formatted/0", "mail/%00"),
    ],
)
@pytest.mark.parametrize("token", [links.VIEW, "forged", ""])
def test_a_missing_attachment_gets_the_page_of_an_unknown_link(
    browser: Visitor, token: str, rest: str
) -> None:
    unknown = browser.get("/l/forged")
    answer = browser.get(f"/l/{token}/{rest}")
    assert (answer.status_code, answer.content) == (404, unknown.content)
    assert answer.headers == unknown.headers


@pytest.mark.parametrize("rest", ["", "/formatted", "/file/7", "/picture/7"])
def test_mail_pages_change_nothing_and_accept_no_other_method(
    browser: Visitor, link_pages: LinkPagesFake, rest: str
) -> None:
    place = _puts(link_pages, "a", "image/png", PICTURE)
    before = dict(link_pages.pages)
    for method in ("GET", "HEAD"):
        assert browser.request(method, place + rest).status_code == 200
    form = {"choice": "accept"}
    assert browser.post(place + rest, data=form).status_code == 404
    for method in ("PUT", "DELETE"):
        assert browser.request(method, place + rest).status_code == 405
    assert (link_pages.pages, link_pages.decisions) == (before, [])


# ---- the sanitiser by itself

_TAGS = (
    "script style svg math form input button iframe object embed link meta base video audio "
    "template"
)
_NEVER = {*(f"<{tag}" for tag in _TAGS.split()), "<!--", "srcset=", " on", "ping=", "http-equiv="}
_NOWHERE = ("url(", "javascript:", "vbscript:", "expression", "position")
_SOURCE = re.compile(' src="([^"]*)"')
_VALUE = re.compile('"[^"]*"')


@pytest.mark.parametrize("name", EVERY)
def test_the_sanitiser_removes_everything_hostile(name: str) -> None:
    bare, shown = sanitise(EVERY[name]), for_frame(EVERY[name], {"shot": "picture/0"}.get)
    assert bare is not None
    assert shown is not None
    for left in (bare, shown.html):
        tags = "".join(f"<{piece.partition('>')[0]}>" for piece in left.split("<")[1:])
        names = _VALUE.sub('""', tags.lower())
        assert [word for word in _NEVER if word in names] == []
        assert [word for word in _NOWHERE if word in tags.lower()] == []
        sources = _SOURCE.findall(tags)
        assert [one for one in sources if not one.lstrip().lower().startswith("cid:")] in (
            [],
            ["picture/0"],
        )


@pytest.mark.parametrize(
    ("html", "shown", "left_out"),
    [
        # the words of people stay, with their look
        ('<p style="COLOR: Red !important">x</p>', '<p style="color:red">x</p>', 0),
        ('<td style="padding:4px 8px;width:50%">x</td>', "x", 0),
        ('<font color="red" face="Arial">x</font>', '<font color="red" face="Arial">x</font>', 0),
        ('<p style="color:rgb(1,2,3);top:0">x</p>', '<p style="color:rgb(1,2,3)">x</p>', 0),
        ("<p class=a id=b onclick=c>x</p>", "<p>x</p>", 0),
        # a picture of the mail has an address of ours, any other a word
        ('<img src="cid:shot" width=20>', '<img src="picture/0" width="20">', 0),
        ('<img src=" CID:%73hot ">', '<img src="picture/0">', 0),
        ('<img src="cid:x" alt="A &quot;">', "<span>[picture not loaded: A &quot;]</span>", 1),
        ("<img src=http://evil.example/a>", "<span>[picture not loaded]</span>", 1),
        ("<img src=data:image/png;base64,AAAA>", "<span>[picture not loaded]</span>", 1),
        # nobody was meant to see this one
        ("<img src=http://evil.example/a width=1 height=1>x", "x", 1),
        # what looks like a picture inside an attribute stays an attribute
        ('<b title="<img alt=&quot;&quot;>">x</b>', '<b title="img alt=&quot;&quot;">x</b>', 0),
    ],
)
def test_the_html_that_a_frame_shows(html: str, shown: str, left_out: int) -> None:
    found = for_frame(html, {"shot": "picture/0"}.get)
    assert found is not None
    assert (found.html, found.left_out) == (shown, left_out)


@pytest.mark.parametrize("html", ["<div>" * 300, "x" * 400_001])
def test_html_that_is_too_deep_or_too_long_is_not_shown(html: str) -> None:
    assert for_frame(html, {}.get) is None
    assert sanitise(html) is None
