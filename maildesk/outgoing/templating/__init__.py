"""The templates of mails: compiled, sandboxed, checked and shown with samples."""
