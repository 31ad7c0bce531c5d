"""What the library has."""

__version__ = "3.1.0"
