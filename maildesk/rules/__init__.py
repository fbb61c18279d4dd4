"""Automatic rules: type-checked when they are loaded, evaluated in order. No I/O."""
