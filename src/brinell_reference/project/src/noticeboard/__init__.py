"""Noticeboard: short notes over HTTP, and rooms over WebSockets."""

__version__ = "1.0.0"
