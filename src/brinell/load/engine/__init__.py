"""The hot path: one loop per process, request bytes prepared beforehand, nothing queued or awaited per request.

Neither asyncio nor uvloop: an event costs them a handle, a context switch and a scheduled callback, more than the
request itself; and their timers end in whole milliseconds. A loop over epoll needs neither.
"""
