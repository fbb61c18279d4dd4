"""What is new in a mail: replies, quotes, signatures, forwarded mails."""
