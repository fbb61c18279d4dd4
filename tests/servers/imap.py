"""IMAP servers: pymap in a thread and Debian's Dovecot, with the same interface."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol, Self

from imapclient import IMAPClient

from tests.servers.lines import free_port, listens, open_folder, wait_until

PASSWORD = "secret"


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
        from pysasl.hashing import Cleartext

        self._end = asyncio.Event()
        backend, config = await DictBackend.init(
            self._arguments(),
            hash_context=Cleartext(),  # hashing takes 0.3 s a login, and proves nothing here
        )
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
mail_plugins = acl
plugin {{
  acl = vfile
}}
protocol imap {{
  mail_plugins = acl imap_acl
}}
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

    def __init__(self, capability: str = "") -> None:
        """`capability` replaces what the server advertises after login; "" leaves it."""
        self.folder = open_folder("dovecot")
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
        (self.folder / "mail").mkdir()
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
        shutil.rmtree(self.folder, ignore_errors=True)

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
