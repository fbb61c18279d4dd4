"""The pages of the demo, a mailbox per person. For loopback only, since they need no password."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

from maildesk.demo.articles import read_articles
from maildesk.demo.environment import DemoEnvironment
from maildesk.demo.mail_program import INBOX, SENT, MailProgram, NotSent
from maildesk.demo.mailbox_mail import Draft, answer
from maildesk.demo.render import Drawing, Place, Shelf, framed, script, style
from maildesk.demo.servers import HOST
from maildesk.demo.story.cast import DESK_ADDRESS, PERSONAS, Persona
from maildesk.store.queries import listings

_FOLDERS = {"inbox": INBOX, "sent": SENT}
_PERSONAS = {persona.user: persona for persona in PERSONAS}
_TICKETS = 12

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    # With "no-referrer", forms would be posted with the origin "null" like those of another site.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
# For the HTML of mails: no scripts, no forms, no external content; links open a new tab. The frame
# keeps our origin so that the page can read its height; without scripts that is harmless.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


class Pages:
    """The handlers of the pages. Plain functions, since each waits for IMAP in its own thread."""

    def __init__(self, house: DemoEnvironment) -> None:
        runtime = house.runtime
        self._house = house
        self._articles = read_articles()
        place = Place(HOST, runtime.imap_port, runtime.smtp_port, str(house.folder))
        self._drawing = Drawing(place, self._articles)

    def home(self) -> Response:
        """The start page."""
        with self._house.store.read() as connection:
            tickets = list(listings.tickets(connection, listings.TicketFilter(every=True)))[
                :_TICKETS
            ]
        return HTMLResponse(self._drawing.home(self._unread(), tickets))

    def article(self, slug: str) -> Response:
        """The page of an article."""
        if slug not in self._articles:
            raise HTTPException(404)
        return HTMLResponse(self._drawing.article(self._articles[slug], self._unread()))

    def mailbox(self, user: str, folder: str = "inbox", sent: bool = False) -> Response:
        """The mails of a folder."""
        return HTMLResponse(self._drawing.mailbox(self._shelf(user, folder), sent))

    def mail(self, user: str, folder: str, uid: int) -> Response:
        """A mail, which is marked as read."""
        letter = self._program(user).open(_folder(folder), uid)
        return HTMLResponse(self._drawing.mail(self._shelf(user, folder, uid), letter))

    def body(self, user: str, folder: str, uid: int) -> Response:
        """The HTML of a mail, for the frame of its page."""
        letter = self._program(user).open(_folder(folder), uid)
        policy = {"Content-Security-Policy": _FRAME_POLICY}
        return HTMLResponse(framed(letter.html or ""), headers=policy)

    def news(self, user: str, folder: str = "inbox", uid: int = 0) -> Response:
        """The changed parts of a mailbox page."""
        return HTMLResponse(self._drawing.news(self._shelf(user, folder, uid)))

    def write(
        self,
        user: str,
        start: int = -1,
        folder: str = "inbox",
        reply: int | None = None,
        say: int = -1,
    ) -> Response:
        """The form for a new mail to the desk (`start`: a prepared one) or for a `reply`."""
        persona = self._program(user).persona
        if reply is None:
            draft = _begun(persona, start)
        else:
            letter = self._program(user).open(_folder(folder), reply)
            draft = answer(letter, _phrase(persona, say))
        return HTMLResponse(self._drawing.write(self._shelf(user, folder, reply or 0), draft))

    def send(
        self,
        user: str,
        to: Annotated[str, Form()] = "",
        subject: Annotated[str, Form()] = "",
        text: Annotated[str, Form()] = "",
        in_reply_to: Annotated[str, Form()] = "",
        references: Annotated[str, Form()] = "",
    ) -> Response:
        """Send the mail, or show the form again with the error."""
        draft = Draft(
            to=to, subject=subject, text=text, in_reply_to=in_reply_to, references=references
        )
        try:
            self._program(user).send(draft)
        except NotSent as error:
            page = self._drawing.write(self._shelf(user, "inbox"), draft, str(error))
            return HTMLResponse(page, 422)
        return RedirectResponse(f"/{user}?sent=true", 303)

    def nothing(self, _request: Request, error: Exception) -> Response:
        """The page for unknown addresses."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        return HTMLResponse(self._drawing.nothing(self._unread()), status)

    def _program(self, user: str) -> MailProgram:
        if user not in _PERSONAS:
            raise HTTPException(404)
        return self._house.program(_PERSONAS[user])

    def _shelf(self, user: str, folder: str, uid: int = 0) -> Shelf:
        program = self._program(user)
        letters = program.letters(_folder(folder))
        return Shelf(program.persona, folder, letters, self._unread(), uid)

    def _unread(self) -> dict[str, int]:
        return {user: program.unread() for user, program in self._house.programs.items()}


def _folder(name: str) -> str:
    if name not in _FOLDERS:
        raise HTTPException(404)
    return _FOLDERS[name]


def _phrase(persona: Persona, say: int) -> str:
    return persona.phrases[say].text if say in range(len(persona.phrases)) else ""


def _begun(persona: Persona, start: int) -> Draft:
    if start not in range(len(persona.starters)):
        return Draft(to=DESK_ADDRESS)
    starter = persona.starters[start]
    return Draft(to=DESK_ADDRESS, subject=starter.subject, text=starter.text)


def create_app(house: DemoEnvironment) -> FastAPI:
    """The application."""
    pages = Pages(house)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    sheet, live = style(), script()
    app.get("/style.css")(lambda: Response(sheet, media_type="text/css"))
    app.get("/demo.js")(lambda: Response(live, media_type="text/javascript"))
    _add(app, "/", pages.home)
    _add(app, "/articles/{slug}", pages.article)
    _add(app, "/{user}", pages.mailbox)
    _add(app, "/{user}/write", pages.write)
    _add(app, "/{user}/news", pages.news)
    _add(app, "/{user}/write", pages.send, "POST")
    _add(app, "/{user}/{folder}", pages.mailbox)
    _add(app, "/{user}/{folder}/{uid}", pages.mail)
    _add(app, "/{user}/{folder}/{uid}/body", pages.body)
    for error in (HTTPException, LookupError, RequestValidationError):
        app.add_exception_handler(error, pages.nothing)
    app.middleware("http")(_guarded)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return app


def _add(app: FastAPI, path: str, page: Callable[..., Response], method: str = "GET") -> None:
    app.add_api_route(path, page, methods=[method], response_model=None)


async def _guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Reject form posts from other sites, and forbid them to frame the pages."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return PlainTextResponse("only the pages of the demo may send mails\n", 403)
    response = await answer(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
