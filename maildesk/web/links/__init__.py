"""The one-click pages behind the links in mails."""
