"""The words of the desk: a catalogue per language, and what renders messages, events and dates."""
