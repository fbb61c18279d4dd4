"""What a decision writes: messages of the ticket, and mails with their files and background."""
