"""The routes: link pages, `/events`, `/healthz`, `/readyz`. GET and HEAD show, POST acts."""

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
from maildesk.model.links.page import Page, Problem
from maildesk.web import guard
from maildesk.web.events import Events
from maildesk.web.links import form, words
from maildesk.web.links.form import Form
from maildesk.web.links.link_pages import Health, LinkPages
from maildesk.web.links.mail_frame import Mails
from maildesk.web.links.render import PageRenderer

_PROBLEMS = {Problem.UNKNOWN: 404, Problem.EXPIRED: 410, Problem.NOT_YOURS: 403}
_STATUSES = {Answer.REASON_MISSING: 422, Answer.UNCLEAR: 422, Answer.NOT_YOURS: 403}
_CONFLICT = 409
_LONGEST_ID = 100


class Links:
    """The pages of a link. Its methods run in threads, so that a slow database blocks no other
    request."""

    def __init__(self, link_pages: LinkPages, renderer: PageRenderer) -> None:
        self._link_pages = link_pages
        self._renderer = renderer

    def show(self, token: str, before: str = "") -> Response:
        """The page of the link; changes nothing."""
        page = self._link_pages.view(token, before[:_LONGEST_ID])
        if isinstance(page, Problem):
            return self.problem(page)
        gone = page.outdated and page.decided is None
        return HTMLResponse(self._renderer.ticket(page, token), 410 if gone else 200)

    def act(self, token: str, sent: Annotated[Form, Depends(form.sent)]) -> Response:
        """Act, then redirect to the result, so that a reload of that page sends nothing again."""
        if sent.choice is None or sent.too_long:
            return self._ask_again(token, sent)
        answer = self._link_pages.act(token, sent.choice, sent.comment)
        if isinstance(answer, Problem):
            return self.problem(answer)
        if answer is Answer.DONE:
            # Relative to /l/TOKEN: correct behind any proxy, and independent of the Host header.
            return RedirectResponse(f"../l/{quote(token, safe='')}", 303)
        page = self._link_pages.view(token)
        if isinstance(page, Problem):
            return self.problem(page)
        return self._refusal(answer, page, token, sent)

    def problem(self, problem: Problem) -> Response:
        """The page that says why the link cannot be opened."""
        return self.notice(_PROBLEMS[problem])

    def notice(self, status: int) -> Response:
        """A page without a ticket. A 4xx status without its own text reads like an unknown link."""
        text = words.NOTICES.get(status, words.UNKNOWN)
        return HTMLResponse(self._renderer.notice(text), status)

    def _ask_again(self, token: str, sent: Form) -> Response:
        page = self._link_pages.view(token)
        if isinstance(page, Problem) or not page.choices:
            return self.show(token)
        alert = words.COMMENT_TOO_LONG
        if sent.choice is None:
            alert = words.choice_missing(f"choice-{page.choices[0].name.lower()}")
        return HTMLResponse(self._renderer.ticket(page, token, sent, alert), 422)

    def _refusal(self, answer: Answer, page: Page, token: str, sent: Form) -> Response:
        status = _STATUSES.get(answer, _CONFLICT)
        if answer is Answer.OLD_ROUND:
            page = replace(page, outdated=True, choices=())
        if answer is Answer.UNCLEAR:
            sent = Form()  # the comment is stored with the ticket; the choice has to be made again
        alert = words.refusal(answer, page)
        return HTMLResponse(self._renderer.ticket(page, token, sent, alert), status)


async def _alive() -> Response:
    """The process runs. It checks nothing else, so that a stuck database causes no restart."""
    return PlainTextResponse("ok\n")


def _readiness(health: Callable[[], Health]) -> Callable[[], Response]:
    def ready() -> Response:
        found = health()
        parts = [{"name": name, "ok": ok, "detail": detail} for name, ok, detail in found.parts]
        return JSONResponse({"ready": found.ready, "parts": parts}, 200 if found.ready else 503)

    return ready


def _error_pages(links: Links) -> Callable[[Request, Exception], Response]:
    def refused(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        response = links.notice(status)
        if isinstance(error, HTTPException) and error.headers:
            response.headers.update(error.headers)
        return response

    return refused


def create_app(
    link_pages: LinkPages, desk: Desk, health: Callable[[], Health], events: Events | None = None
) -> FastAPI:
    """The application. It uses no Host header, no cookie and no script."""
    renderer = PageRenderer(desk)
    links = Links(link_pages, renderer)

    def home() -> Response:
        return HTMLResponse(renderer.home())

    # redirect_slashes would build the target from the Host header.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    reads = ["GET", "HEAD"]
    mails = Mails(link_pages, renderer, links.problem)
    for path, shown in (
        ("", mails.whole),
        ("/formatted", mails.formatted),
        ("/picture/{index}", mails.picture),
        ("/file/{index}", mails.file),
    ):
        place = "/l/{token}/mail/{message}" + path
        app.add_api_route(place, shown, methods=reads, response_model=None)
    # `path`, so that an empty token, or one with a slash, gets the same page as any other.
    app.add_api_route("/l/{token:path}", links.show, methods=reads, response_model=None)
    app.add_api_route("/l/{token:path}", links.act, methods=["POST"], response_model=None)
    app.add_api_route("/", home, methods=reads, response_model=None)
    app.add_api_route("/healthz", _alive, methods=reads, response_model=None)
    app.add_api_route("/readyz", _readiness(health), methods=reads, response_model=None)
    if events is not None:
        app.add_api_route("/events", events.take, methods=["POST"], response_model=None)
    app.add_exception_handler(HTTPException, _error_pages(links))
    app.add_middleware(
        guard.Guard,
        headers=guard.headers(renderer.style_source),
        broken=renderer.notice(words.FAILED),
    )
    return app
