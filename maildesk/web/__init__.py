"""The pages behind the links in mails, and what a monitor asks."""
