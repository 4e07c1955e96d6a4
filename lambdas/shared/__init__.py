"""Modules that more than one handler needs."""
