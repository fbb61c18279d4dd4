"""Why single mails disagree about reply, kind and bounce: each looked at, none excused.

Where two sources contradict each other, the reason names the mail that wants the opposite.
"""

_HELLO = (
    "the manifest names the answer of another mail: `Hello` is nowhere in this one, whose words"
    " are those that talon/expected_reply/html_windows_mail.txt wants of its like"
)
_QUOTED_IN_PLACE = "the attribution above a quote that is answered in place stays with it"
_FORWARDED = "a forwarded mail is what the person wants to show: it is kept"

REPLIES: dict[str, str] = {
    "crisp-email-reply-parser/fixtures/email_emoji.txt": "wants a signature behind a lone dash;"
    " email_reply_trimmer/emails/email_headers_4.txt wants it left out",
    "crisp-email-reply-parser/fixtures/email_german_3.txt": "words below `Gesendet von Outlook` are"
    " kept, since a person may answer there",
    "crisp-email-reply-parser/fixtures/email_with_regards.txt": "wants `Regards` and the name left"
    " out; email_reply_trimmer/emails/email_headers_5.txt and talon's keep them",
    "email_reply_trimmer/emails/embedded_email_17.txt": _QUOTED_IN_PLACE,
    "email_reply_trimmer/emails/embedded_email_7.txt": _QUOTED_IN_PLACE,
    "email_reply_trimmer/emails/forwarded_apple.txt": _FORWARDED,
    "email_reply_trimmer/emails/forwarded_gmail.txt": _FORWARDED,
    "talon/html_replies/gmail.html": _HELLO,
    "talon/html_replies/hotmail.html": _HELLO,
    "talon/html_replies/thunderbird.html": _HELLO,
    "talon/standard_replies/iphone.eml": "wants `Sent from my iPhone` kept;"
    " email_reply_trimmer/emails/signatures.txt wants it left out",
    "talon/standard_replies/sparrow.eml": "wants a signature behind `--` kept;"
    " email_reply_parser/emails/correct_sig.txt wants it left out",
}

_SNS = "a notification in JSON of a cloud's message service: a machine's, and no mail server's"

KINDS: dict[str, str] = {
    "mimekit/messages/disposition-notification.txt": "labelled bounce; it is a read receipt"
    " (RFC 8098), which is an automatic reply with us",
    "mimekit/mbox_split/content-length-001.eml": "labelled reply; its null return path and its body"
    " (`default echo 1`) are those of an autoresponder",
    "php-imap/messages/issue-382.eml": "labelled new mail; it comes from MAILER-DAEMON",
    "php-mime-mail-parser/mails/issue212": "labelled i18n; its subject begins with"
    " `Automatyczna odpowiedź:`",
    "roundup/emails/testItsBulkStupid-01.eml": "labelled reply; `Precedence: bulk` and `this is a"
    " dumb auto-responder`",
    "sisimai/maildir/bsd/lhost-amazonses-10.eml": _SNS,
    "sisimai/maildir/bsd/lhost-amazonses-11.eml": _SNS,
    "sisimai/maildir/bsd/lhost-amazonses-12.eml": _SNS,
    "sisimai/maildir/bsd/lhost-amazonses-13.eml": _SNS,
    "sisimai/maildir/bsd/lhost-fml-03.eml": "a list server's alert of a loop: mail of a list",
    "sisimai/mbox_split/mbox-0-036.eml": "a person forwards a bounce",
}

_NOT_READ = {
    "sisimai/maildir/bsd/lhost-amazonses-10.eml": _SNS,
    "sisimai/maildir/bsd/lhost-fml-03.eml": "names nobody: a list refused a mail",
}

RECIPIENTS: dict[str, str] = _NOT_READ | {
    "sisimai/maildir/bsd/lhost-exim-60.eml": "the report's Final-Recipient is a path of the server",
}

_INNER = "the report stands in the mail that was attached, which is not read as ours"
_DELAY = "a delay, of which sisimai says that it expired"

STATUSES: dict[str, str] = _NOT_READ | {
    "sisimai/maildir/bsd/lhost-amazonses-03.eml": "says 5.1.0 first and 5.2.2 behind it",
    "sisimai/maildir/bsd/lhost-amazonses-12.eml": _SNS,
    "sisimai/maildir/bsd/lhost-amazonses-13.eml": _SNS,
    "sisimai/maildir/bsd/lhost-exchange2007-05.eml": "says 4.4.7; 4.4.1 stands in a log below",
    "sisimai/maildir/bsd/lhost-gmail-08.eml": _DELAY,
    "sisimai/maildir/bsd/lhost-opensmtpd-06.eml": _DELAY,
    "sisimai/maildir/bsd/lhost-postfix-50.eml": "says nothing but that it could not be delivered",
    "sisimai/maildir/bsd/lhost-x5-01.eml": _INNER,
    "sisimai/maildir/dos/lhost-x5-01.eml": _INNER,
    "sisimai/maildir/bsd/lhost-zoho-05.eml": "`ERROR_CODE :421` is in no form of a"
    " status that we know",
    "sisimai/maildir/bsd/rfc3464-28.eml": "delivered: 2.0.0 with us, whatever 2.x is said",
}

_FILTERED = (
    "says that there is no such user; sisimai knows that this host says so of senders it filters"
)
_EXISTS = "5.2.1 speaks of a mailbox that is there, which is soft with us whatever else is said"

HARD_OR_SOFT: dict[str, str] = _NOT_READ | {
    "sisimai/maildir/bsd/lhost-amazonses-02.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-exchange2003-04.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-exim-37.eml": "refused after the data: soft with us",
    "sisimai/maildir/bsd/lhost-gmx-03.eml": _EXISTS,
    "sisimai/maildir/bsd/lhost-messagingserver-03.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-notes-02.eml": "says in Japanese that a list of names lacks it",
    "sisimai/maildir/bsd/lhost-office365-04.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-postfix-05.eml": "450 4.1.1: class 4 is soft with us",
    "sisimai/maildir/bsd/lhost-postfix-07.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-postfix-35.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-postfix-46.eml": "`Recipient address rejected.` gives no cause",
    "sisimai/maildir/bsd/lhost-powermta-01.eml": _EXISTS,
    "sisimai/maildir/bsd/lhost-receivingses-02.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-surfcontrol-01.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-v5sendmail-03.eml": "a time-out is said beside the unknown user",
    "sisimai/maildir/bsd/lhost-v5sendmail-07.eml": "says `Host unknown`; sisimai reads a block",
    "sisimai/maildir/bsd/lhost-x1-01.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-x1-02.eml": _FILTERED,
    "sisimai/maildir/bsd/lhost-x5-01.eml": _INNER,
    "sisimai/maildir/dos/lhost-x5-01.eml": _INNER,
    "sisimai/maildir/bsd/lhost-zoho-03.eml": _FILTERED,
    "sisimai/maildir/bsd/rhost-nttdocomo-02.eml": _FILTERED,
    "sisimai/maildir/bsd/rhost-nttdocomo-03.eml": _FILTERED,
}
