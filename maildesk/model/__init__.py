"""The words of the desk as frozen values. Imports nothing of maildesk, does nothing."""
