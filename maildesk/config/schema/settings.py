"""The schema of `maildesk.toml`, the settings of an installation. All values are frozen.

`maildesk init` and docs/settings.md are generated from the field descriptions. Secrets are `Secret`
values, which never appear in a repr, a log or an error.
"""

import enum
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    SecretStr,
    model_validator,
)

from maildesk.config.schema.part import Part


class Secret(Part):
    """A reference to a secret, which is never written in the file itself.

    `value` is filled in from the environment variable or the file when the settings are loaded.
    """

    env: str | None = Field(None, description="name of the environment variable with the secret")
    file: Path | None = Field(None, description="path of the file with the secret")
    value: SecretStr = Field(SecretStr(""), exclude=True, repr=False)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('give either env = "NAME" or file = "PATH"')
        return self


class Security(enum.StrEnum):
    """How the connection to a server is encrypted."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Settle(enum.StrEnum):
    """The action on the server for a mail that is stored in the journal."""

    MOVE = "move"
    FLAG = "flag"
    DELETE = "delete"


class Mailbox(Part):
    """An IMAP account and the folders to read."""

    name: str = Field(
        description="name of the mailbox in logs, in the journal and in `maildesk ledger`"
    )
    host: str = Field(description="host name of the IMAP server")
    port: int = Field(993, ge=1, le=65535, description="port of the IMAP server")
    security: Security = Field(Security.TLS, description="encryption of the connection")
    ca_file: Path | None = Field(
        None, description="CA file to trust instead of the CA files of the system"
    )
    user: str = Field(description="user name for the login")
    password: Secret = Field(description="password for the login")
    folders: tuple[str, ...] = Field(("INBOX",), description="folders to read")
    settle: Settle = Field(
        Settle.MOVE, description="processed mails: move, flag ($MaildeskDone) or delete"
    )
    processed_folder: str = Field("Processed", description="target folder of `settle = move`")
    idle: bool = Field(
        True, description="use IDLE to be notified of new mail, in addition to polling"
    )
    poll_seconds: float = Field(120, gt=0, description="check all folders at least this often")
    batch_bytes: int = Field(8_000_000, gt=0, description="maximum bytes per fetch")
    batch_mails: int = Field(50, ge=1, le=1000, description="maximum mails per fetch")
    timeout_seconds: float = Field(60, gt=0, description="maximum wait for an answer of the server")
    unnamed_results: bool = Field(
        False,
        description="for Exchange Online, whose Authentication-Results have no authserv-id: "
        "trust the "
        "top-most one of each mail in this mailbox",
    )
    since: str | None = Field(
        None,
        description="YYYY-MM-DD: answer mails received on or after this day; default: mails "
        "received "
        "after the first check of the folder",
    )


class Listener(Part):
    """A listener for mail that is delivered to maildesk by SMTP or LMTP."""

    name: str = Field(description="name of the listener in logs and in the journal")
    protocol: Literal["smtp", "lmtp"] = Field("lmtp", description="protocol to speak: smtp or lmtp")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(ge=0, le=65535, description="port to listen on; 0 picks a free port")
    max_connections: int = Field(50, ge=1, description="maximum simultaneous clients")
    command_seconds: float = Field(
        60, gt=0, description="maximum wait for the next command of a client"
    )
    session_seconds: float = Field(600, gt=0, description="maximum duration of a connection")
    max_commands: int = Field(1000, ge=10, description="maximum commands per connection")
    check_senders: bool | None = Field(
        None,
        description="set it for a listener that strangers can reach: check SPF, DKIM and DMARC "
        "by DNS "
        "and ignore Authentication-Results in these mails; default false; must be set explicitly "
        "if other machines can reach the listener and trust.authserv_ids is set",
    )


class Smtp(Part):
    """The server for outgoing mail."""

    host: str = Field("127.0.0.1", description="host name of the SMTP server")
    port: int = Field(587, ge=1, le=65535, description="port of the SMTP server")
    security: Security = Field(Security.STARTTLS, description="encryption of the connection")
    ca_file: Path | None = Field(
        None, description="CA file to trust instead of the CA files of the system"
    )
    user: str | None = Field(
        None, description="user name for the login; omit it to send without login"
    )
    password: Secret | None = Field(None, description="password for the login")
    timeout_seconds: float = Field(
        60, gt=0, description="maximum wait for each SMTP answer before the final dot"
    )
    dot_seconds: float = Field(
        600, gt=0, description="maximum wait for the answer to the final dot (RFC 5321 §4.5.3.2.6)"
    )
    keep_open_seconds: float = Field(
        30, ge=0, description="how long to keep an idle connection open"
    )
    evidence_seconds: float = Field(
        1800,
        ge=0,
        description="if the final dot was not answered, wait this long before sending the mail "
        "again",
    )


class Desk(Part):
    """Name and addresses of the helpdesk."""

    name: str = Field("Service Desk", description="name of the helpdesk in From and in mails")
    address: str = Field(description="mail address of the helpdesk")
    aliases: tuple[str, ...] = Field((), description="further addresses of the helpdesk")
    delimiter: str = Field(
        "+", description='separates address and reply token, as in desk+TOKEN@…; "" to use no token'
    )
    dots: bool = Field(
        True, description="set false if the provider ignores dots in the local part, as Gmail does"
    )
    max_mail_bytes: int = Field(26_214_400, gt=0, description="refuse mails that are larger")
    attach_bytes: int = Field(
        10_000_000,
        ge=0,
        description="attach files to an outgoing mail up to this size in all; "
        "larger files are named, with a link",
    )

    @property
    def domain(self) -> str:
        """The domain of the desk's address, also used for Message-IDs."""
        return self.address.rpartition("@")[2].lower()

    def tag_in(self, address: str) -> str | None:
        """The tag after the delimiter if the address is one of the desk's, else None.

        "" for an address without a tag. Lower case, since many servers change the case.
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

    def receives(self, address: str) -> bool:
        """Whether mail to the address is taken: the desk's own, and postmaster of its domains
        (RFC 5321 §4.5.1)."""
        local, _, domain = address.strip().lower().partition("@")
        domains = {one.rpartition("@")[2].lower() for one in (self.address, *self.aliases)}
        is_postmaster = local == "postmaster" and (not domain or domain in domains)
        return is_postmaster or self.tag_in(address) is not None

    def _name(self, local: str) -> str:
        return local if self.dots else local.replace(".", "")


class Database(Part):
    """The database with the journal, the tickets and the outgoing mails."""

    url: str = Field(
        "sqlite:///maildesk.db",
        description="sqlite:///FILE (relative to maildesk.toml) or postgresql://USER@HOST/NAME",
    )
    password: Secret | None = Field(None, description="password of the PostgreSQL user")


class Web(Part):
    """The web pages that mails link to."""

    enabled: bool = Field(True, description="serve the pages")
    host: str = Field(
        "127.0.0.1", description="address to listen on, usually behind a reverse proxy"
    )
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 picks a free port")
    base_url: str | None = Field(
        None, description="public address of the pages; without it mails contain no links"
    )
    events_key: Secret | None = Field(
        None,
        description="key that signs requests to /events, at least 32 characters; without it "
        "/events is off",
    )


class Secrets(Part):
    """Keys that sign tokens, links and Message-IDs."""

    key: Secret = Field(description="current signing key, at least 32 characters")
    old_keys: tuple[Secret, ...] = Field(
        (), description="previous keys that are still accepted after a key rotation"
    )

    def keys(self) -> tuple[bytes, ...]:
        """The current signing key, then the previous ones."""
        every = (self.key, *self.old_keys)
        return tuple(secret.value.get_secret_value().encode() for secret in every)


class Trust(Part):
    """Servers whose statements about senders are trusted."""

    authserv_ids: tuple[str, ...] = Field(
        (), description="authserv-ids of your own mail servers in Authentication-Results (RFC 8601)"
    )
    trusted_sealers: tuple[str, ...] = Field(
        (),
        description="domains whose ARC seals are trusted (RFC 8617), such as mailing lists; used "
        "with "
        "`check_senders`",
    )


class Limits(Part):
    """Limits that protect against hostile mail, loops and floods."""

    readers: int = Field(1, ge=1, le=32, description="number of processes that parse mail")
    read_seconds: float = Field(10, gt=0, description="maximum time to parse one mail")
    read_megabytes: int = Field(1024, ge=128, description="maximum memory of a parsing process")
    attempts: int = Field(
        3, ge=1, le=10, description="attempts to process a mail before it is quarantined"
    )
    automatic_mails_per_hour: int = Field(
        20, ge=1, description="maximum automatic mails per hour to one address, except agents"
    )
    automatic_mails_per_hour_of_a_ticket: int = Field(
        30, ge=1, description="maximum automatic mails per hour about one ticket to one address"
    )
    mails_per_hour_to_a_ticket: int = Field(
        20,
        ge=1,
        description="maximum mails per hour from one sender; further mails are stored without "
        "effect",
    )
    state_changes_per_hour: int = Field(
        6,
        ge=1,
        description="maximum state changes per hour of a ticket by mails of one person, except "
        "agents",
    )
    total_mails_per_hour: int = Field(
        2000, ge=1, description="maximum automatic mails per hour in total"
    )


class Settings(Part):
    """All settings of maildesk.toml."""

    desk: Desk
    mailbox: tuple[Mailbox, ...] = ()
    listener: tuple[Listener, ...] = ()
    smtp: Smtp = Smtp()
    database: Database = Database()
    web: Web = Web()
    secrets: Secrets
    trust: Trust = Trust()
    limits: Limits = Limits()
    policy: Path = Field(
        Path("config"), description="folder of the policy files: people.toml, rules.toml, …"
    )
