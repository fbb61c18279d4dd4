"""From raw bytes to header fields, texts and attachments."""
