"""The typed form of maildesk.toml and config/*.toml: one module a file, frozen values.

A field's description is its documentation: docs/settings.md is generated from it.
"""
