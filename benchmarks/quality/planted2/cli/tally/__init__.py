"""Counts words in text files."""

__version__ = "3.1"
