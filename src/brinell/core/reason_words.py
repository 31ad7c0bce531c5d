"""What to do about each kind of limit, in two or three sentences; the kinds are those of ``core.reasons``."""

from __future__ import annotations

FIXES = {
    "descriptors": "Raise the limit (ulimit -n, LimitNOFILE= of systemd), bound the connections that are kept open, "
    "and look for descriptors that are never closed.",
    "memory": "Give it more memory or make each request keep less: a machine that swaps answers nobody in time. Fewer "
    "workers need less, too.",
    "garbage-collection": "Make fewer objects that live on (caches of plain tuples instead of dicts of objects, no "
    "reference cycles), call gc.freeze() once everything is loaded, or raise gc.set_threshold().",
    "worker": "Spread the connections: let each worker accept for itself with SO_REUSEPORT, put a balancer before "
    "them, or close idle connections earlier so that they are dealt out again.",
    "thread": "Python runs one thread at a time: move that work to a process of its own (a worker, a queue, "
    "concurrent.futures.ProcessPoolExecutor), or do it less often.",
    "loop": "Nothing else is served meanwhile. Await there instead (an asynchronous client or driver), move what "
    "computes or blocks to asyncio.to_thread or a process pool, or make it smaller.",
    "core": "One Python process runs on one core. Start more workers (as many as there are cores), or profile what "
    "the full one does and make it cheaper.",
    "lock": "Hold the lock for less: do what is slow outside of it, use one lock per thing instead of one for all, and "
    "put a queue between requests and slow log handlers (logging.handlers.QueueHandler).",
    "pool": "Hold what the pool lends for a shorter time (not across slow calls), or make the pool larger, as far as "
    "what is behind it allows.",
    "accept-queue": "The server does not accept quickly enough: more workers, or a larger backlog (and "
    "net.core.somaxconn) where only bursts are too much for it.",
    "concurrency": "More workers or threads (gunicorn --workers, --threads), an asynchronous server, or make what "
    "every request waits for quicker: as many requests are served at a time as there are workers.",
    "errors": "The log has the whole traceback of what went wrong by itself. Where a limit refuses on purpose (429, "
    "503), raise it, or state what share may fail (error_rate).",
    "dependency": "What is slow is there, not here: measure that call alone, look at the limits of the service or "
    "database behind it, give it a time-out, and ask it less often (cache, batch).",
    "pause": "The service itself makes them wait there: a rate that it keeps to, a poll, a back-off. Raise that rate, "
    "or refuse what is over it (429) instead of holding it.",
    "machine": "The cores are taken: put the load generator and the other processes elsewhere, or give the subject "
    "more cores. What was measured holds for this crowded machine.",
    "connections": "The subject lets no more in, or lets them go: see its own limit (uvicorn --limit-concurrency, "
    "worker_connections, a limit in its code), its descriptors and its log, or that of the proxy before it.",
    "generator": "Take more workers for the load (workers = N), another machine for it, or a lower rate.",
}
