"""Lambda handlers: each parses its event, calls one function and returns."""
