"""Why single mails disagree: each looked at. A line here excuses nothing, it explains."""

# (path, field) -> reason
KNOWN: dict[tuple[str, str], str] = {}
