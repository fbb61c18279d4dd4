"""What `maildesk.toml` says: this installation. Frozen; each room is handed its own part.

A field's description is its documentation: `maildesk init` and docs/settings.md are made of it.
Secrets are `Secret` values: they never show in a repr, a log or an error.
"""

import enum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Part(BaseModel):
    """A table of the configuration: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Secret(Part):
    """A secret given in one of two ways, never in the file itself.

    `config.py` fills `value` from the environment variable or the file.
    """

    env: str | None = Field(None, description="name of the environment variable that holds it")
    file: Path | None = Field(None, description="path of the file that holds it")
    value: SecretStr = Field(SecretStr(""), exclude=True, repr=False)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('give either env = "NAME" or file = "PATH"')
        return self


class Security(enum.StrEnum):
    """How the line to a server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Settle(enum.StrEnum):
    """What happens on the server to a mail that is in the journal."""

    MOVE = "move"
    FLAG = "flag"
    DELETE = "delete"


class Mailbox(Part):
    """One IMAP account and the folders of it that are read."""

    name: str = Field(description="the mailbox's name in logs, in the journal and in `ledger`")
    host: str = Field(description="name of the IMAP server")
    port: int = Field(993, ge=1, le=65535, description="port of the IMAP server")
    security: Security = Field(Security.TLS, description="how the line is protected")
    ca_file: Path | None = Field(None, description="trust this CA file in place of the system's")
    user: str = Field(description="whom to log in as")
    password: Secret = Field(description="the user's password")
    folders: tuple[str, ...] = Field(("INBOX",), description="folders that are read")
    settle: Settle = Field(Settle.MOVE, description="move, flag ($MaildeskDone) or delete")
    processed_folder: str = Field("Processed", description="where `settle = move` puts mails")
    idle: bool = Field(True, description="wait for new mail with IDLE; polling goes on beside it")
    poll_seconds: float = Field(120, gt=0, description="a full look at least this often")
    batch_bytes: int = Field(8_000_000, gt=0, description="fetch at most so many bytes at once")
    batch_mails: int = Field(50, ge=1, le=1000, description="fetch at most so many mails at once")
    timeout_seconds: float = Field(60, gt=0, description="longest wait for the server's answer")
    unnamed_results: bool = Field(
        False,
        description="for Exchange Online, whose Authentication-Results name no server: the "
        "top-most one of this mailbox is believed without",
    )
    since: str | None = Field(
        None,
        description="YYYY-MM-DD: mails from this day on are answered; by default those that come "
        "after the first look at the folder",
    )


class Listener(Part):
    """A door for mail that is delivered to maildesk by SMTP or LMTP."""

    name: str = Field(description="the listener's name in logs and in the journal")
    protocol: Literal["smtp", "lmtp"] = Field("lmtp", description="smtp or lmtp")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(ge=0, le=65535, description="port to listen on; 0 takes any free one")
    max_connections: int = Field(50, ge=1, description="clients at the same time")
    command_seconds: float = Field(60, gt=0, description="longest wait for a client's next line")
    session_seconds: float = Field(600, gt=0, description="longest life of one connection")
    max_commands: int = Field(1000, ge=10, description="commands in one connection")
    check_senders: bool | None = Field(
        None,
        description="for a door that strangers reach: ask the DNS for SPF, DKIM and DMARC "
        "ourselves, and believe no Authentication-Results in these mails; false where not given, "
        "which must be said where other machines reach it and trust.authserv_ids are given",
    )


class Smtp(Part):
    """The server that takes our outgoing mail."""

    host: str = Field("127.0.0.1", description="name of the SMTP server")
    port: int = Field(587, ge=1, le=65535, description="port of the SMTP server")
    security: Security = Field(Security.STARTTLS, description="how the line is protected")
    ca_file: Path | None = Field(None, description="trust this CA file in place of the system's")
    user: str | None = Field(None, description="whom to log in as; without it no login")
    password: Secret | None = Field(None, description="the user's password")
    timeout_seconds: float = Field(60, gt=0, description="for each step but the final dot")
    dot_seconds: float = Field(600, gt=0, description="RFC 5321 §4.5.3.2.6: wait for the final dot")
    keep_open_seconds: float = Field(30, ge=0, description="an idle line is kept so long")
    evidence_seconds: float = Field(
        1800,
        ge=0,
        description="a mail whose final dot got no answer is sent once more after so long",
    )


class Desk(Part):
    """Who we are to the outside."""

    name: str = Field("Service Desk", description="the desk's name in From and in mails")
    address: str = Field(description="the service-desk address people write to")
    aliases: tuple[str, ...] = Field((), description="other addresses that are also the desk")
    delimiter: str = Field("+", description='separates the reply token: desk+TOKEN@…; "" for none')
    dots: bool = Field(
        True, description="false where dots in the name do not count, as at Gmail: d.esk is desk"
    )
    max_mail_bytes: int = Field(26_214_400, gt=0, description="larger mails are refused")

    @property
    def domain(self) -> str:
        """The domain of the desk's address; Message-IDs are made in it."""
        return self.address.rpartition("@")[2].lower()

    def tag_in(self, address: str) -> str | None:
        """What stands behind the delimiter where the address is the desk's, else None.

        "" for the plain address. Case is folded: many servers do not keep it.
        """
        local, _, domain = address.strip().lower().rpartition("@")
        name, _, tag = local.partition(self.delimiter) if self.delimiter else (local, "", "")
        for own in (self.address, *self.aliases):
            own_local, _, own_domain = own.lower().rpartition("@")
            if domain.rstrip(".") != own_domain:
                continue
            if self._name(local) == self._name(own_local):
                return ""
            if self._name(name) == self._name(own_local) and name != local:
                return tag
            if self.delimiter and local.startswith(own_local + self.delimiter):
                return local[len(own_local) + len(self.delimiter) :]
        return None

    def _name(self, local: str) -> str:
        return local if self.dots else local.replace(".", "")


class Database(Part):
    """Where the journal, the tickets and the outgoing mails are."""

    url: str = Field(
        "sqlite:///maildesk.db",
        description="sqlite:///FILE (relative to maildesk.toml) or postgresql://USER@HOST/NAME",
    )
    password: Secret | None = Field(None, description="the PostgreSQL user's password")


class Web(Part):
    """The pages behind the links in mails."""

    enabled: bool = Field(True, description="whether the pages are served")
    host: str = Field("127.0.0.1", description="address to listen on; a proxy stands in front")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes any free one")
    base_url: str | None = Field(
        None, description="public address of the pages; without it mails carry no links"
    )
    events_key: Secret | None = Field(
        None, description="signs requests to /events, at least 32 characters; none, no such page"
    )


class Secrets(Part):
    """The keys that sign tokens, links and Message-IDs."""

    key: Secret = Field(description="signs; at least 32 characters")
    old_keys: tuple[Secret, ...] = Field((), description="still accepted after a rotation")

    def keys(self) -> tuple[bytes, ...]:
        """The key that signs, then those that are still accepted."""
        every = (self.key, *self.old_keys)
        return tuple(secret.value.get_secret_value().encode() for secret in every)


class Trust(Part):
    """Whose word about a sender counts."""

    authserv_ids: tuple[str, ...] = Field(
        (), description="authserv-id of our own mail server's Authentication-Results (RFC 8601)"
    )
    trusted_sealers: tuple[str, ...] = Field(
        (),
        description="domains whose ARC seals are believed (RFC 8617), as of a mailing list; "
        "asked for where `check_senders` is set",
    )


class Limits(Part):
    """Bounds that keep strangers' mail and loops in check."""

    readers: int = Field(1, ge=1, le=32, description="processes that read strangers' mail")
    read_seconds: float = Field(10, gt=0, description="wall clock for reading one mail")
    read_megabytes: int = Field(1024, ge=128, description="memory of one reading process")
    attempts: int = Field(3, ge=1, le=10, description="then a mail goes into quarantine")
    automatic_mails_per_hour: int = Field(20, ge=1, description="to one address that is no agent's")
    automatic_mails_per_hour_of_a_ticket: int = Field(
        30, ge=1, description="about one ticket to one address, an agent's too"
    )
    mails_per_hour_to_a_ticket: int = Field(
        20, ge=1, description="of one sender; further ones are recorded and change nothing"
    )
    state_changes_per_hour: int = Field(
        6, ge=1, description="of one ticket by one person who is no agent, by mail"
    )
    total_mails_per_hour: int = Field(2000, ge=1, description="automatic mails in all")


class Settings(Part):
    """All of maildesk.toml."""

    desk: Desk
    mailbox: tuple[Mailbox, ...] = ()
    listener: tuple[Listener, ...] = ()
    smtp: Smtp = Smtp()
    database: Database = Database()
    web: Web = Web()
    secrets: Secrets
    trust: Trust = Trust()
    limits: Limits = Limits()
    policy: Path = Field(Path("config"), description="folder of people.toml, rules.toml, …")
