"""``driver = "cache"``: a cache under a workload. Which operation comes next on which key says ``core.key_choice``.

An object of the project is asked in the project's own interpreter, by the means of ``load.calls``: what falls due is
handed over together with its operation, and what comes back says beside the outcome what was found.
"""
