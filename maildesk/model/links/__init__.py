"""Links in mails: signed tokens, the pages that they open, and their removal from texts."""
