"""The options, output and errors that all commands share."""
