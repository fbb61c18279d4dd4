"""What is valid and will still disappoint on the first day. Advice, never a fault."""

import ipaddress
import re
from collections.abc import Iterator

from maildesk.config.schema.settings import Security, Settings
from maildesk.model.finding import Finding

_EXAMPLE = re.compile(r"(?:^|[.@])example(?:\.(?:com|net|org))?\Z", re.IGNORECASE)


def first_day_advice(settings: Settings) -> Iterator[Finding]:
    """Advice for an installation whose configuration has no fault."""
    yield from _examples(settings)
    yield from _senders(settings)
    yield from _pages(settings)
    yield from _encryption(settings)


def _advice(key: str, what: str, remedy: str) -> Finding:
    return Finding(key=key, what=what, remedy=remedy, good=True, advice=True)


def _examples(settings: Settings) -> Iterator[Finding]:
    values = {
        "desk.address": settings.desk.address,
        **{f"mailbox {box.name}: host": box.host for box in settings.mailbox},
        "smtp.host": settings.smtp.host,
    }
    for key, value in values.items():
        if _EXAMPLE.search(value):
            yield _advice(key, f"{value} is an example", "write your own")


def _senders(settings: Settings) -> Iterator[Finding]:
    """Nobody can be proven by a first mail where no server's verdict is trusted."""
    checked = any(door.check_senders for door in settings.listener)
    unnamed = any(box.unnamed_results for box in settings.mailbox)
    if settings.trust.authserv_ids or checked or unnamed:
        return
    yield _advice(
        "trust.authserv_ids",
        "no mail server is trusted to verify senders, so every mail that does not answer one of "
        "ours is unproven, and commands in it are not carried out",
        "set it to the name at the beginning of Authentication-Results in a mail of your mailbox",
    )


def _pages(settings: Settings) -> Iterator[Finding]:
    if settings.web.base_url is None:
        yield _advice(
            "web.base_url",
            "is not set, so mails have no links: people accept, reject and approve by reply alone",
            "set it to the public address of the pages",
        )


def _encryption(settings: Settings) -> Iterator[Finding]:
    lines = {
        **{f"mailbox {box.name}: security": (box.security, box.host) for box in settings.mailbox},
        "smtp.security": (settings.smtp.security, settings.smtp.host),
    }
    for key, (security, host) in lines.items():
        if security is Security.NONE and not _is_local(host):
            yield _advice(
                key,
                f"mails and passwords cross the network to {host} without encryption",
                'set it to "tls" or "starttls"',
            )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
