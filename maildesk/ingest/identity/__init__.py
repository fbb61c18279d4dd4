"""The proof of who wrote a mail: SPF, DKIM, DMARC, ARC, Authentication-Results."""
