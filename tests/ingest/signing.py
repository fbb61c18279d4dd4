"""Signed mails and the zones that vouch for them. The key is made for these tests alone."""

from dataclasses import dataclass, field

import dkim  # type: ignore[import-untyped]

from maildesk.ingest.identity.dns import Kind, NoAnswer

PRIVATE = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQCmme1UFScs9tvX2naDQX3+zZt7LVritpkitFzJLEXdgf0lBDpl
yTVTeW2SEc1eT4LVzw9leYrqk4/HaESoH9ABP7dVKWCtNj0GCGNWUu34cZ5OpzAh
eQXgAajtVIeNv6D7rrwuJsc6JDyunJzaOkMLodOi0MiabzRf0rqZbUkkiwIDAQAB
AoGBAJuoVcWpveCVBPK4euJH3qCjGhIMXk5UrN9wBQExDFXZjdt4B9fyFpDXczh2
yZrET0nVHF2DIffpxvxYv00V7BC8WdG2K3yOhQZ5DW/UbeqvgdDPK5Zjx3aflw9z
epl35AakJjKe0y9oO7EbCd2b9e9SPpYmsTI6ocVdUkjaXruBAkEA2AhgXrMaoOpW
LvrlH2Mi9NwB39vVSh48Vl6Y6/ylAY84ySFMJBI0mF25yMIQzNZHD1szpn7Qr7nv
Q5mLpI9L/QJBAMVsZ9kSXn+knDDSKcBtvTdFivwwnsyDlzKO1RESPyhwnzVr9mRY
yI8aL0OWUaoVBhfdNQNTYiXf+8R6VJItJScCQQCfUNYZIIZzwz1ZmieclRSzdQhg
2ZMa/N9MZqjp58CcPM4I7ehj9ZUaBIy9M/kFxsRS29RkZcNqxHlh5ftomVDVAkBa
MnsHq+LMwnIxw/MbXYfTVsx3B+elXIGZsbQaxpFgcoPqrla15fJLnxT09hp9cHmG
MaRkzpXK5Bhs3c8BseqFAkBTiTo2IbmCIvnjZHeH64T7mMFLM8OIIjV+L+NLcGpJ
ZHuDtbSBdQwJhibMpkjyg5qCL/HCP3Rq4ly4icAkENZR
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCmme1UFScs9tvX2naDQX3+zZt7LVritp"
    "kitFzJLEXdgf0lBDplyTVTeW2SEc1eT4LVzw9leYrqk4/HaESoH9ABP7dVKWCtNj0GCGNW"
    "Uu34cZ5OpzAheQXgAajtVIeNv6D7rrwuJsc6JDyunJzaOkMLodOi0MiabzRf0rqZbUkkiw"
    "IDAQAB"
)
KEY = f"v=DKIM1; k=rsa; p={PUBLIC}"
SIGNED = (b"from", b"to", b"subject", b"date")


@dataclass
class Zone:
    """A DNS of a few names. `silent` ones never answer; `asked` are the questions so far."""

    records: dict[tuple[str, Kind], tuple[str, ...]]
    silent: frozenset[str] = frozenset()
    asked: list[tuple[str, Kind]] = field(default_factory=list)

    def lookup(self, name: str, kind: Kind) -> tuple[bytes, ...]:
        self.asked.append((name, kind))
        if name in self.silent:
            raise NoAnswer(name)
        return tuple(one.encode() for one in self.records.get((name, kind), ()))


def mail(sender: str = "Rita <rita@example.org>", body: str = "It does not print.\r\n") -> bytes:
    """A plain mail to the desk."""
    return (
        f"From: {sender}\r\nTo: desk@example.org\r\nSubject: Printer\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n\r\n{body}"
    ).encode()


def signed(raw: bytes, domain: str, **options: object) -> bytes:
    """The mail with a DKIM signature of that domain on top."""
    values: dict[str, object] = {"include_headers": SIGNED} | options
    return bytes(dkim.sign(raw, b"sel", domain.encode(), PRIVATE, **values)) + raw


def sealed(raw: bytes, domain: str, results: str) -> bytes:
    """The mail sealed by that domain, which saw these results."""
    raw = f"Authentication-Results: {domain}; {results}\r\n".encode() + raw
    lines = dkim.arc_sign(raw, b"sel", domain.encode(), PRIVATE, domain.encode(), SIGNED)
    return b"".join(lines) + raw
