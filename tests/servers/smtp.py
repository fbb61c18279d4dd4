"""SMTP servers: Debian's Postfix and its smtp-sink."""

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.servers.lines import free_port, listens, open_folder, wait_until


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

    def __init__(self, *, lmtp_port: int, relay_port: int) -> None:
        self.folder = open_folder("postfix")
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
            (self.folder / part).mkdir()
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
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
        shutil.rmtree(self.folder, ignore_errors=True)

    def _postfix(self, verb: str) -> None:
        subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder / "conf"), verb],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
