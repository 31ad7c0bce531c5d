from .client import Client, HTTPError, Response

__all__ = ["Client", "HTTPError", "Response"]
