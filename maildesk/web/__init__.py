"""The pages behind the links in mails, and the addresses that monitoring asks."""
