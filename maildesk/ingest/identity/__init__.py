"""How sure it is who wrote a mail: SPF, DKIM, DMARC, ARC, Authentication-Results."""
