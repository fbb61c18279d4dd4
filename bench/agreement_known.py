"""Why single mails disagree: each looked at. A line here excuses nothing, it explains."""

# (path, field) -> reason
KNOWN: dict[tuple[str, str], str] = {
    (
        "mimekit/mbox_split/content-length-014.eml",
        "attachments",
    ): "an opaque signature (RFC 8551, 3.5.2) is read without a key: the signed words are the text,"
    " and the wrapper is no attachment",
    (
        "imap_tools/messages/rfc2822/example14.eml",
        "subject",
    ): "a blank between plain text and an encoded word belongs to the text (RFC 2047, 6.2); the"
    " source drops it",
    (
        "imap_tools/messages/rfc2822/example13.eml",
        "from",
    ): "`jdoe@machine(comment).  example` is an address with a comment in it (RFC 5322, A.5); the"
    " source reads none",
    (
        "imap_tools/messages/rfc2822/example13.eml",
        "text",
    ): "a line `__` breaks the header after `To    : Mary Smith`: for the source the text begins"
    " with that field, for us behind it",
    (
        "imap_tools/messages/plain_emails/raw_email_with_at_display_name.eml",
        "to",
    ): "`Mikel@Lindsaar <raasdnil@gmail.com>` is one person whose name has an @, not two",
    (
        "imap_tools/messages/error_emails/missing_content_disposition.eml",
        "attachments",
    ): "the only part is an image without name and disposition: we keep it, the source leaves it"
    " out",
    (
        "imap_tools/messages/multipart_report_emails/multipart_report_multiple_status.eml",
        "attachments",
    ): "text parts of the attached mail count there as attachments because they have a Content-ID;"
    " they are the text of that mail",
    (
        "imap_tools/messages/multipart_report_emails/multipart_report_multiple_status.eml",
        "text",
    ): "the words for people stand in a part labelled message/delivery-status: an attachment here",
    (
        "stalwart/malformed/019.eml",
        "date",
    ): "two Date fields: the source reads `10:00:t <rimap-test…` as 10:00:00, we the whole second"
    " one",
    (
        "stalwart/malformed/012.eml",
        "attachments",
    ): "the inner multipart is not closed: the source takes the delimiter of the outer one, and"
    " the third mail behind it, for text of the second",
    (
        "stalwart/malformed/020.eml",
        "text",
    ): "the delimiter before the plain alternative is missing: the source takes all that follows,"
    " HTML source included, for plain text, we read the HTML alternative",
}
