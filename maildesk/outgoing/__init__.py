"""The way out of a mail: composed as bytes, kept as a row, delivered over SMTP."""
