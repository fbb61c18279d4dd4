"""Reading the folders of IMAP mailboxes."""
