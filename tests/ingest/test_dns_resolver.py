"""The resolver against a DNS server on this machine: what it makes of each sort of answer."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from maildesk.ingest.identity.dns import Kind, NoAnswer
from maildesk.ingest.servers.dns_resolver import DnsResolver

Answering = Callable[[dns.message.Message], dns.message.Message | bytes | None]


@dataclass
class Server:
    """Answers over UDP as `answering` says; None is silence. Counts what it was asked."""

    answering: Answering
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.port = int(self.socket.getsockname()[1])
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ending.is_set():
            try:
                data, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            question = dns.message.from_wire(data)
            self.asked.append(question.question[0].to_text())
            answer = self.answering(question)
            if answer is not None:
                sent = answer if isinstance(answer, bytes) else answer.to_wire(max_size=65_000)
                self.socket.sendto(sent, peer)

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        self.socket.close()


def values(kind: Kind, *texts: str, ttl: int = 300) -> Answering:
    def answer(question: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(question)
        made.answer = [dns.rrset.from_text(question.question[0].name, ttl, "IN", kind, *texts)]
        return made

    return answer


def says(code: dns.rcode.Rcode) -> Answering:
    def answer(question: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(question)
        made.set_rcode(code)
        return made

    return answer


def empty(question: dns.message.Message) -> dns.message.Message:
    return dns.message.make_response(question)


def silent(_question: dns.message.Message) -> None:
    return None


def nonsense(question: dns.message.Message) -> bytes:
    return question.id.to_bytes(2, "big") + b"\x81\x80" + b"\xff" * 20


def alias(question: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(question)
    name = question.question[0].name
    made.answer = [
        dns.rrset.from_text(name, 300, "IN", "CNAME", "other.example."),
        dns.rrset.from_text("other.example.", 300, "IN", "TXT", '"v=spf1 -all"'),
    ]
    return made


def truncated(question: dns.message.Message) -> dns.message.Message:
    """The rest is to be had by TCP, where nobody listens."""
    made = dns.message.make_response(question)
    made.flags |= dns.flags.TC
    return made


Serve = Callable[[Answering], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as servers:
        yield lambda answering: servers.enter_context(contextlib.closing(Server(answering)))


def asking(server: Server, **changes: Any) -> DnsResolver:
    """The resolver, with that server for its only one."""
    servers = dns.resolver.Resolver(configure=False)
    servers.nameservers, servers.port = ["127.0.0.1"], server.port
    return DnsResolver(servers=lambda: servers, **{"seconds": 0.4} | changes)


NAME = "example.org"
ROWS: tuple[tuple[Kind, Answering, tuple[bytes, ...] | None], ...] = (
    # kind, what the server says, what we make of it; None: the DNS did not say
    ("TXT", values("TXT", '"v=spf1 -all"'), (b"v=spf1 -all",)),
    ("TXT", values("TXT", '"v=DKIM1; p=" "MIIB"'), (b"v=DKIM1; p=MIIB",)),  # strings are joined
    ("TXT", values("TXT", '"\\255"'), (b"\xff",)),
    ("A", values("A", "192.0.2.7", "192.0.2.8"), (b"192.0.2.7", b"192.0.2.8")),
    ("AAAA", values("AAAA", "2001:db8::1"), (b"2001:db8::1",)),
    ("MX", values("MX", "10 mx.example.org."), (b"10 mx.example.org.",)),
    ("PTR", values("PTR", "mx.example.org."), (b"mx.example.org.",)),
    ("TXT", alias, (b"v=spf1 -all",)),
    # it says that there are none
    ("TXT", empty, ()),
    ("TXT", says(dns.rcode.NXDOMAIN), ()),
    # it does not say
    ("TXT", says(dns.rcode.SERVFAIL), None),
    ("TXT", says(dns.rcode.REFUSED), None),
    ("TXT", silent, None),
    ("TXT", nonsense, None),
    ("TXT", truncated, None),
)


@pytest.mark.parametrize(("kind", "answering", "found"), ROWS)
def test_what_a_server_says(
    serve: Serve,
    kind: Kind,
    answering: Answering,
    found: tuple[bytes, ...] | None,
) -> None:
    server = serve(answering)
    if found is None:
        with pytest.raises(NoAnswer, match=f"no answer for {kind} of {NAME}"):
            asking(server).lookup(NAME, kind)
    else:
        assert sorted(asking(server).lookup(NAME, kind)) == sorted(found)  # servers shuffle them
    assert server.asked[0] == f"{NAME}. IN {kind}"


def test_of_too_many_and_too_long_values_the_first_are_taken(
    serve: Serve,
) -> None:
    server = serve(values("A", *(f"192.0.2.{n}" for n in range(100))))
    assert len(asking(server).lookup(NAME, "A")) == 60
    server = serve(values("TXT", " ".join(['"' + "x" * 250 + '"'] * 100)))
    assert asking(server).lookup(NAME, "TXT") == (b"x" * 8_000,)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "x." * 200, "a..b", "\udcff", "ſ" * 70])
def test_a_name_that_is_none_is_no_answer_and_asks_nobody(serve: Serve, name: str) -> None:
    server = serve(values("TXT", '"x"'))
    with pytest.raises(NoAnswer):
        asking(server).lookup(name, "TXT")
    assert server.asked == []


@pytest.mark.parametrize(
    ("answering", "seconds"),
    [
        # the answer's own time, at least half a minute and at most an hour
        (values("TXT", '"x"', ttl=300), 300),
        (values("TXT", '"x"', ttl=0), 30),
        (values("TXT", '"x"', ttl=1_000_000), 3_600),
        (empty, 30),
        (says(dns.rcode.SERVFAIL), 60),
    ],
)
def test_an_answer_is_remembered_for_its_time(
    serve: Serve, answering: Answering, seconds: int
) -> None:
    server = serve(answering)
    now = [1_000.0]
    one = asking(server, clock=lambda: now[0])

    def ask(name: str) -> None:
        with contextlib.suppress(NoAnswer):
            one.lookup(name, "TXT")

    ask(NAME)
    once = len(server.asked)
    ask("Example.ORG.")  # the same name
    now[0] += seconds - 1
    ask(NAME)
    assert len(server.asked) == once
    now[0] += 2
    ask(NAME)
    assert len(server.asked) > once


def test_only_so_many_answers_are_remembered(serve: Serve) -> None:
    server = serve(values("A", "192.0.2.7"))
    two = asking(server, most=2)
    for name in ("a.example", "b.example", "c.example", "c.example", "a.example"):
        two.lookup(name, "A")
    assert [one.partition(".")[0] for one in server.asked] == ["a", "b", "c", "a"]


def test_many_threads_ask_at_once(serve: Serve) -> None:
    one, found = asking(serve(values("A", "192.0.2.7")), seconds=5), []

    def ask(number: int) -> None:
        found.append(one.lookup(f"{number % 5}.example", "A"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(b"192.0.2.7",)] * 40
