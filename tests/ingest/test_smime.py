"""Opaque signatures are read without a key; encrypted mails say what they are."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.ingest.mime.mail_parser import cut, parse
from maildesk.ingest.reading.analyse import read

INNER = (
    b"Content-Type: multipart/mixed; boundary=B\r\nFrom: mallory@example.org\r\n\r\n"
    b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe gateway refuses my token.\r\n"
    b"--B\r\nContent-Type: text/csv; name=log.csv\r\n\r\n1;2\r\n--B--\r\n"
)
HEAD = b"From: rita@example.org\r\nTo: desk@example.org\r\nSubject: VPN\r\nMIME-Version: 1.0\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and its certificate, made by openssl."""
    folder = tmp_path_factory.mktemp("keys")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=rita@example.org"
    made = f"-keyout {key} -out {certificate}"
    subprocess.run([*command.split(), *made.split()], check=True, capture_output=True)
    return key, certificate


def cms(command: str, content: bytes) -> bytes:
    made = subprocess.run(
        ["openssl", "cms", *command.split()], input=content, check=True, capture_output=True
    )
    return made.stdout


def mail(der: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data") -> bytes:
    head = HEAD + f"Content-Type: {kind}; name=smime.p7m\r\n".encode()
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(der)


@pytest.mark.parametrize("options", ["", "-stream", "-indef", "-nocerts", "-md sha512"])
def test_an_opaque_signature_is_read_without_a_key(keys: tuple[Path, Path], options: str) -> None:
    key, certificate = keys
    command = f"-sign -nodetach -binary -outform DER -signer {certificate} -inkey {key} {options}"
    raw = mail(cms(command, INNER))
    reading = read(raw)
    assert reading.reply_text == "The gateway refuses my token."
    assert [one.name for one in reading.mail.attachments] == ["log.csv"]
    assert b"".join(cut(raw, 0)[1]) == b"1;2"
    assert "opaque-signature" in reading.mail.defects
    assert [one.address for one in reading.mail.senders] == ["rita@example.org"]
    assert reading.mail.subject == "VPN"


def test_a_signature_around_a_signature_is_read(keys: tuple[Path, Path]) -> None:
    key, certificate = keys
    command = f"-sign -nodetach -binary -outform DER -signer {certificate} -inkey {key}"
    inner = mail(cms(command, INNER)).removeprefix(HEAD)
    assert read(mail(cms(command, inner))).reply_text == "The gateway refuses my token."


def test_an_encrypted_mail_says_so(keys: tuple[Path, Path]) -> None:
    der = cms(f"-encrypt -binary -outform DER -aes256 {keys[1]}", INNER)
    reading = read(mail(der, "application/pkcs7-mime; smime-type=enveloped-data"))
    assert "encrypted" in reading.reply_text
    assert "encrypted" in reading.mail.defects
    assert [one.name for one in reading.mail.attachments] == ["smime.p7m"]


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--B\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n"
        b"\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n--B--\r\n",
        b"Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n"
        b"-----END PGP MESSAGE-----\r\n",
    ],
    ids=["mime", "inline"],
)
def test_openpgp_messages_say_so(body: bytes) -> None:
    mail = parse(HEAD + body)
    assert "encrypted" in mail.text
    assert "encrypted" in mail.defects


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(der: bytes) -> None:
    signed = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80" + der
    for one in (der, signed, b"\x30\x80" * 150 + der):
        parse(mail(one))


def test_nested_lengths_are_read_in_time() -> None:
    parse(mail(b"\x30\x80" * 400_000))
    parse(mail(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + b"\x04\x00" * 400_000))
