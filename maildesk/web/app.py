"""The addresses of the desk: links, `/healthz`, `/readyz`. GET and HEAD show, POST acts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from maildesk.config.schema.settings import Desk
from maildesk.model.decision import Answer
from maildesk.model.page import Page, Problem
from maildesk.web import guard
from maildesk.web.events import Events
from maildesk.web.links import form, words
from maildesk.web.links.form import Form
from maildesk.web.links.link_pages import Health, LinkPages
from maildesk.web.links.mail_frame import Mails
from maildesk.web.links.render import Drawing
from maildesk.web.links.words import Alert

_PROBLEMS = {Problem.UNKNOWN: 404, Problem.EXPIRED: 410, Problem.NOT_YOURS: 403}
_STATUSES = {Answer.REASON_MISSING: 422, Answer.UNCLEAR: 422, Answer.NOT_YOURS: 403}
_CONFLICT = 409
_LONGEST_ID = 100


class Links:
    """The pages of a link. Plain functions, so that a slow database holds a thread, not all."""

    def __init__(self, door: LinkPages, drawing: Drawing) -> None:
        self._door = door
        self._drawing = drawing

    def show(self, token: str, before: str = "") -> Response:
        """What the link shows; changes nothing."""
        page = self._door.view(token, before[:_LONGEST_ID])
        if isinstance(page, Problem):
            return self.problem(page)
        gone = page.outdated and page.decided is None
        return HTMLResponse(self._drawing.ticket(page, token), 410 if gone else 200)

    def act(self, token: str, sent: Annotated[Form, Depends(form.sent)]) -> Response:
        """Decide, then send the browser to read the outcome, so that a reload sends nothing."""
        if sent.choice is None or sent.too_long:
            return self._ask_again(token, sent)
        answer = self._door.act(token, sent.choice, sent.comment)
        if isinstance(answer, Problem):
            return self.problem(answer)
        if answer is Answer.DONE:
            # Relative to /l/TOKEN: right under any proxy, and never made of the Host header.
            return RedirectResponse(f"../l/{quote(token, safe='')}", 303)
        page = self._door.view(token)
        if isinstance(page, Problem):
            return self.problem(page)
        return self._refusal(answer, page, token, sent)

    def problem(self, problem: Problem) -> Response:
        """The page of a link that does not open."""
        return self.notice(_PROBLEMS[problem])

    def notice(self, status: int) -> Response:
        """A page without a ticket. An unlisted 4xx reads like an unknown link."""
        text = words.NOTICES.get(status, words.UNKNOWN)
        return HTMLResponse(self._drawing.notice(text), status)

    def _ask_again(self, token: str, sent: Form) -> Response:
        page = self._door.view(token)
        if isinstance(page, Problem) or not page.choices:
            return self.show(token)
        alert = words.COMMENT_TOO_LONG
        if sent.choice is None:
            alert = Alert(
                "Please choose first",
                words.CHOICE_MISSING,
                f"choice-{page.choices[0].name.lower()}",
            )
        return HTMLResponse(self._drawing.ticket(page, token, sent, alert), 422)

    def _refusal(self, answer: Answer, page: Page, token: str, sent: Form) -> Response:
        status = _STATUSES.get(answer, _CONFLICT)
        if answer is Answer.OLD_ROUND:
            page = replace(page, outdated=True, choices=())
        if answer is Answer.UNCLEAR:
            sent = Form()  # what was written stands in the ticket, and a choice is made anew
        alert = words.refusal(answer, page)
        return HTMLResponse(self._drawing.ticket(page, token, sent, alert), status)


async def _alive() -> Response:
    """The process lives; asks nobody, so that a stuck database does not get us restarted."""
    return PlainTextResponse("ok\n")


def _readiness(health: Callable[[], Health]) -> Callable[[], Response]:
    def ready() -> Response:
        found = health()
        parts = [{"name": name, "ok": ok, "detail": detail} for name, ok, detail in found.parts]
        return JSONResponse({"ready": found.ready, "parts": parts}, 200 if found.ready else 503)

    return ready


def _refusals(links: Links) -> Callable[[Request, Exception], Response]:
    def refused(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        response = links.notice(status)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    return refused


def create_app(
    door: LinkPages, desk: Desk, health: Callable[[], Health], events: Events | None = None
) -> FastAPI:
    """The application. It knows no Host header, no cookie and no script."""
    drawing = Drawing(desk)
    links = Links(door, drawing)

    def home() -> Response:
        return HTMLResponse(drawing.home())

    # redirect_slashes would answer with an address made of the Host header.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    reads = ["GET", "HEAD"]
    mails = Mails(door, drawing, links.problem)
    for path, shown in (
        ("", mails.whole),
        ("/formatted", mails.formatted),
        ("/picture/{index}", mails.picture),
        ("/file/{index}", mails.file),
    ):
        place = "/l/{token}/mail/{message}" + path
        app.add_api_route(place, shown, methods=reads, response_model=None)
    # `path`, so that a token that is empty or holds a slash meets the same page as any other.
    app.add_api_route("/l/{token:path}", links.show, methods=reads, response_model=None)
    app.add_api_route("/l/{token:path}", links.act, methods=["POST"], response_model=None)
    app.add_api_route("/", home, methods=reads, response_model=None)
    app.add_api_route("/healthz", _alive, methods=reads, response_model=None)
    app.add_api_route("/readyz", _readiness(health), methods=reads, response_model=None)
    if events is not None:
        app.add_api_route("/events", events.take, methods=["POST"], response_model=None)
    app.add_exception_handler(HTTPException, _refusals(links))
    app.add_middleware(
        guard.Guard,
        headers=guard.headers(drawing.style_source),
        broken=drawing.notice(words.FAILED),
    )
    return app
