"""Hostile mails from a seed and a number: mutations of real mails, and shapes of our own making.

The same seed and number always make the same mail, whatever was made before it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.fuzz_heads import HEADS
from bench.fuzz_letter import Shape, Source, attached
from bench.fuzz_parts import PARTS
from bench.fuzz_texts import TEXTS
from bench.fuzz_words import CHARSETS, HEADER_NAMES, TOKENS

MUTATED, OF = 6, 10  # so many of ten mails are mutations, the others are made from nothing
SHAPES: tuple[Shape, ...] = HEADS + TEXTS + PARTS
RARE = (b"ms-tnef", b"winmail.dat", b"text/calendar")
OFTENER = 8  # mails with what only few have are taken so many times as often
_CODED = re.compile(rb"(?m)(?:^[A-Za-z0-9+/]{40,76}\r?\n)+[A-Za-z0-9+/]{0,76}={0,2}")


def load(folder: Path, own: Path) -> tuple[bytes, ...]:
    """The real mails to mutate, in a fixed order; our own where the corpora are not here.

    A bare winmail.dat is put into a mail. Mails with one and invitations stand there repeatedly.
    """
    files = sorted(own.rglob("*.eml"))
    if folder.is_dir():
        files += [path for path in sorted(folder.rglob("*")) if _is_material(path)]
    found = [_mail_of(path) for path in files]
    rare = [raw for raw in found if any(word in raw for word in RARE)]
    return (*found, *rare * (OFTENER - 1))


def _mail_of(path: Path) -> bytes:
    if path.suffix.lower() != ".tnef":
        return path.read_bytes()
    return attached(Source(path.name), b"application/ms-tnef; name=winmail.dat", path.read_bytes())


def _is_material(path: Path) -> bool:
    known = path.suffix.lower() in {".json", ".md", ".tsv", ".list", ".ref", ".out"}
    return path.is_file() and not known and "_licence" not in path.parts


def mail(seed: int, number: int, real: Sequence[bytes]) -> tuple[str, bytes]:
    """(how it was made, its bytes)."""
    source = Source(f"{seed}:{number}")
    if number % OF < MUTATED and real:
        return _mutated(source, real)
    shape = source.choice(SHAPES)
    raw = shape(source)
    if source.random() < 0.3:
        mutation = source.choice(MUTATIONS)
        return f"{shape.__name__}, {mutation.__name__}", mutation(source, raw)
    return shape.__name__, raw


def _mutated(source: Source, real: Sequence[bytes]) -> tuple[str, bytes]:
    index = source.randrange(len(real))
    raw, names = real[index], []
    for _ in range(source.choice((1, 1, 1, 2, 3, 6))):
        mutation = source.choice(MUTATIONS)
        names.append(mutation.__name__)
        raw = mutation(source, raw)
    if source.random() < 0.03:
        names.append("spliced")
        other = real[source.randrange(len(real))]
        raw = raw[: source.randrange(len(raw) + 1)] + other[source.randrange(len(other) + 1) :]
    return f"real mail {index}: {', '.join(names)}", raw


# -- mutations


def _flip(source: Source, raw: bytes) -> bytes:
    data = bytearray(raw)
    for _ in range(source.choice((1, 4, 30, 300)) if data else 0):
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data)


def _cut(source: Source, raw: bytes) -> bytes:
    low, high = _span(source, raw)
    return raw[:low] + raw[high:]


def _truncated(source: Source, raw: bytes) -> bytes:
    return raw[: source.randrange(len(raw) + 1)]


def _doubled(source: Source, raw: bytes) -> bytes:
    low, high = _span(source, raw)
    times = source.choice((2, 2, 10, 100))
    if (high - low) * times > 2_000_000:
        times = 2
    return raw[:low] + raw[low:high] * times + raw[high:]


def _sprinkled(source: Source, raw: bytes) -> bytes:
    for _ in range(source.choice((1, 3, 10))):
        at = source.randrange(len(raw) + 1)
        raw = raw[:at] + source.choice(TOKENS) + raw[at:]
    return raw


def _in_the_head(source: Source, raw: bytes) -> bytes:
    end = min(len(raw), max(raw.find(b"\n\n"), raw.find(b"\r\n\r\n"), 200))
    at = source.randrange(end + 1)
    return raw[:at] + source.choice(TOKENS) + raw[at:]


def _line_ends(source: Source, raw: bytes) -> bytes:
    unix = raw.replace(b"\r\n", b"\n")
    return unix.replace(b"\n", source.choice((b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\n")))


def _one_line(source: Source, raw: bytes) -> bytes:
    return raw.replace(b"\n", b"") if source.random() < 0.3 else raw.replace(b"\n ", b" ")


def _shuffled(source: Source, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    source.shuffle(lines)
    return b"".join(lines)


def _recharset(source: Source, raw: bytes) -> bytes:
    label = source.choice(CHARSETS)
    return re.sub(rb'(?i)charset="?[\w-]{1,40}"?', lambda _: b'charset="' + label + b'"', raw)


def _reencoded(source: Source, raw: bytes) -> bytes:
    new = source.choice(
        (b"base64", b"quoted-printable", b"8bit", b"binary", b"x-uuencode", b"\xff")
    )
    return re.sub(rb"(?i)(content-transfer-encoding:)[^\r\n]{0,60}", lambda m: m[1] + new, raw)


def _repeated_fields(source: Source, raw: bytes) -> bytes:
    name, value = source.choice(HEADER_NAMES), source.choice(TOKENS)
    return (name + b": " + value.replace(b"\n", b"").replace(b"\r", b"") + b"\r\n") * source.choice(
        (2, 20, 2000)
    ) + raw


def _without_boundaries(source: Source, raw: bytes) -> bytes:
    return (
        re.sub(rb"(?m)^--[^\r\n]{1,70}--\r?$", b"", raw)
        if source.random() < 0.5
        else re.sub(rb"(?i)boundary=", b"boundery=", raw)
    )


def _wrapped(source: Source, raw: bytes) -> bytes:
    depth = source.choice((1, 2, 5, 35))
    if len(raw) > 200_000:
        depth = 1
    for level in range(depth):
        raw = b"Subject: level %d\r\nContent-Type: message/rfc822\r\n\r\n" % level + raw
    return raw


def _inside(source: Source, raw: bytes) -> bytes:
    """What stands there in base64 is changed below its coding: files, a winmail.dat."""
    blocks = [one for one, _ in zip(_CODED.finditer(raw), range(50), strict=False)]
    if not blocks:
        return _flip(source, raw)
    block = source.choice(blocks)
    try:
        data = base64.b64decode(block[0] + b"==")
    except binascii.Error:
        return _flip(source, raw)
    changed = source.choice((_flip, _cut, _truncated, _doubled, _numbers))(source, data)
    return raw[: block.start()] + base64.encodebytes(changed) + raw[block.end() :]


def _numbers(source: Source, raw: bytes) -> bytes:
    """Numbers of four bytes, as lengths are, made wrong."""
    data = bytearray(raw)
    for _ in range(source.choice((1, 3, 20)) if len(data) > 4 else 0):
        at = source.randrange(len(data) - 3)
        number = source.choice((0, 1, 255, 65_536, 2**31 - 1, 2**32 - 1, len(data)))
        data[at : at + 4] = number.to_bytes(4, "little")
    return bytes(data)


def _span(source: Source, raw: bytes) -> tuple[int, int]:
    low = source.randrange(len(raw) + 1)
    return low, min(len(raw), low + source.choice((1, 10, 200, 5_000, 50_000)))


MUTATIONS: tuple[Callable[[Source, bytes], bytes], ...] = (
    _flip,
    _cut,
    _truncated,
    _doubled,
    _sprinkled,
    _sprinkled,
    _in_the_head,
    _in_the_head,
    _line_ends,
    _one_line,
    _shuffled,
    _recharset,
    _reencoded,
    _repeated_fields,
    _without_boundaries,
    _wrapped,
    _inside,
    _inside,
)
