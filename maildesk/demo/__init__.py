"""A complete helpdesk to try out on one machine: mail servers, daemon, mailboxes and a story.

The mail servers simulate the outside world; the daemon talks to them by IMAP and SMTP.
"""
