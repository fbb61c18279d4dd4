"""Checks of maildesk.toml that types cannot express."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import urlsplit

from maildesk.config.error_messages import quoted
from maildesk.config.errors import Fault
from maildesk.config.schema.settings import Desk, Secret, Settings
from maildesk.config.toml_positions import KeyPath

_ADDRESS = re.compile(r"[^@\s<>\",;:\\()\[\]]{1,64}@[^@\s<>\",;:\\()\[\]]{1,255}")
_SIGNING_KEY_LENGTH = 32


def installation_faults(settings: Settings) -> Iterator[Fault]:
    """The faults of maildesk.toml that need no other file to be found."""
    yield from _desk(settings)
    yield from _sources(settings)
    yield from _trusted_listeners(settings)
    yield from _smtp(settings)
    yield from _database(settings)
    yield from _base_url(settings)
    yield from _signing_keys(settings)


def address_fault(path: KeyPath, address: str) -> Iterator[Fault]:
    """A mail address must be bare: local part, @, domain (RFC 5321 §4.1.2)."""
    if not _ADDRESS.fullmatch(address):
        yield Fault(path, f"{quoted(address)} is not a mail address", "write name@example.org")


def outside_address_fault(path: KeyPath, address: str, desk: Desk | None) -> Iterator[Fault]:
    """A bare mail address of another person, not an address of the helpdesk itself."""
    yield from address_fault(path, address)
    if desk is not None and desk.tag_in(address) is not None:
        problem = f"{quoted(address)} is an address of the helpdesk itself"
        yield Fault(path, problem, "give the address of a person")


def doubles(paths_and_names: Sequence[tuple[KeyPath, str]]) -> Iterator[tuple[KeyPath, str]]:
    """The entries whose name was already used by an earlier one, ignoring case."""
    seen: set[str] = set()
    for path, name in paths_and_names:
        if name.casefold() in seen:
            yield path, name
        seen.add(name.casefold())


def _desk(settings: Settings) -> Iterator[Fault]:
    desk = settings.desk
    yield from address_fault(("desk", "address"), desk.address)
    for i, alias in enumerate(desk.aliases):
        yield from address_fault(("desk", "aliases", i), alias)
    if desk.delimiter and not re.fullmatch(r"[+=_.#~-]", desk.delimiter):
        problem = f"{quoted(desk.delimiter)} cannot separate the token from the name"
        yield Fault(
            ("desk", "delimiter"),
            problem,
            'use "+", or "" if your mail server has no such delimiter',
        )


def _sources(settings: Settings) -> Iterator[Fault]:
    if not settings.mailbox and not settings.listener:
        remedy = "add a [[mailbox]] to read from, or a [[listener]] to deliver to"
        yield Fault(("mailbox",), "no mail can be received", remedy)
    mailboxes = [(("mailbox", i, "name"), box.name) for i, box in enumerate(settings.mailbox)]
    listeners = [(("listener", i, "name"), door.name) for i, door in enumerate(settings.listener)]
    for path, name in doubles([*mailboxes, *listeners]):
        yield Fault(
            path, f"the name {quoted(name)} is already used above", "give each a unique name"
        )
    for i, box in enumerate(settings.mailbox):
        if box.since is not None and not _is_date(box.since):
            remedy = 'write it as "2026-01-31"'
            yield Fault(("mailbox", i, "since"), f"{quoted(box.since)} is not a date", remedy)
        if box.settle == "move" and box.processed_folder in box.folders:
            problem = f"mails would be moved to {quoted(box.processed_folder)}, which is also read"
            yield Fault(("mailbox", i, "processed_folder"), problem, "name another folder")


def _trusted_listeners(settings: Settings) -> Iterator[Fault]:
    """Listeners that other machines can reach must say whether they check senders.

    With trusted authserv-ids, a stranger could forge the Authentication-Results of our server. The
    admin may still allow it: in a container network the own mail server is another host.
    """
    for i, door in enumerate(settings.listener):
        if (
            door.check_senders is None
            and settings.trust.authserv_ids
            and not _is_of_this_machine(door.host)
        ):
            problem = (
                f"every client that reaches {quoted(door.host)} could forge the results of "
                "trust.authserv_ids, because check_senders is not set"
            )
            remedy = "set check_senders = true, or false if only your own mail server can connect"
            yield Fault(("listener", i, "host"), problem, remedy)


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _smtp(settings: Settings) -> Iterator[Fault]:
    smtp = settings.smtp
    if smtp.user is not None and smtp.password is None:
        yield Fault(("smtp", "user"), "there is a user but no password", "add smtp.password")
    if smtp.password is not None and smtp.user is None:
        yield Fault(("smtp", "password"), "there is a password but no user", "add smtp.user")


def _database(settings: Settings) -> Iterator[Fault]:
    path = ("database", "url")
    url = settings.database.url  # never repeated in a message: it may contain a password
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return
    if not re.match(r"postgresql(\+psycopg)?://", url):
        remedy = 'write "sqlite:///maildesk.db" or "postgresql://USER@HOST/NAME"'
        yield Fault(path, "is not a database URL that maildesk supports", remedy)
    elif re.match(r"[^/]+//[^/@]*:[^/]*@", url):
        remedy = "remove it and set database.password"
        yield Fault(path, "contains a password", remedy)


def _base_url(settings: Settings) -> Iterator[Fault]:
    url = settings.web.base_url
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        good = plain = False
    if not good or not plain or re.search(r"[\s\x00-\x1f]", url):
        problem = "is not a plain web address"
        yield Fault(("web", "base_url"), problem, 'write "https://desk.example.org"')


def _signing_keys(settings: Settings) -> Iterator[Fault]:
    keys: list[tuple[KeyPath, Secret]] = [(("secrets", "key"), settings.secrets.key)]
    keys += [(("secrets", "old_keys", i), k) for i, k in enumerate(settings.secrets.old_keys)]
    if settings.web.events_key is not None:
        keys.append((("web", "events_key"), settings.web.events_key))
    for path, key in keys:
        if len(key.value.get_secret_value()) < _SIGNING_KEY_LENGTH:
            problem = f"is shorter than {_SIGNING_KEY_LENGTH} characters"
            remedy = (
                "create one with `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`"
            )
            yield Fault(path, problem, remedy)
