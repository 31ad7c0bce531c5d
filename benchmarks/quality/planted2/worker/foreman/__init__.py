from .pool import JobFailed, Pool

__all__ = ["JobFailed", "Pool"]
