"""A whole desk to play with on one machine: mail servers, daemon, mailboxes, and a story.

The mail servers stand in for the outside world; the daemon talks to them by IMAP and SMTP.
"""
