class WorkerChecks:
    """To be mixed into unittest's cases."""

    def assert_clean(self, worker):
        self._has(worker, errors=0)

    def _has(self, worker, *, errors):
        if len(worker.errors) != errors:
            self.fail(f"{worker.errors}")

    def assert_drained(self, queue):
        """Leave nothing behind."""
        while len(queue):
            queue.take()
