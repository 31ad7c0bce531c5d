"""What a cache's target is: an object of the project, a path of its service, or an address."""

from __future__ import annotations

from urllib.parse import urlsplit

from brinell.core.addresses import meant

KEY = "{key}"


STORES = {"redis": 6379, "memcached": 11211}
"""Schemes of stores, and the ports that are theirs."""


def scheme_of(target: str) -> str:
    """Return the scheme of an address; empty of anything else."""
    scheme, found, _ = target.partition("://")
    return scheme.lower() if found else ""


def is_store(target: str) -> bool:
    """Whether it is the address of Redis or memcached."""
    return scheme_of(target) in STORES


def lacking(target: str) -> str | None:
    """Return the scheme that an address without one was most likely meant to have; None of anything else."""
    whole = meant(target.replace(KEY, "0"), "http")
    if whole is None or is_endpoint(target) or scheme_of(target):
        return None
    host, port = urlsplit(whole).hostname, urlsplit(whole).port
    if port is None and host != "localhost":  # a module may be called shop.cache
        return None
    return next((scheme for scheme, its_port in STORES.items() if port == its_port), "http")


def is_endpoint(target: str) -> bool:
    """Whether it is a path of the service, or an HTTP address."""
    return target.startswith(("/", "http://", "https://"))


def path_in(target: str) -> str:
    """Return path and query of an endpoint, ``{key}`` and all."""
    if target.startswith("/"):
        return target
    parts = urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def origin_of(target: str) -> str | None:
    """Return scheme and host of an address; None of a path of the service."""
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme else None


def name_of(target: str) -> str:
    """Return what its scenario is called: an object by itself, an endpoint by its path, a store by where it is."""
    if is_endpoint(target):
        return path_in(target).replace(KEY, "")
    if is_store(target):
        parts = urlsplit(target)
        return f"{parts.scheme}-{parts.hostname or ''}-{parts.port or STORES[scheme_of(target)]}"
    return target
