"""What a mail means: commands, decisions, thanks, automatic mail, bounces, monitoring."""
