"""Traffic from an OpenAPI document: what it describes is read, made, sent and compared with what comes back.

``prepare`` is the way in (in the trial), ``sessions`` and ``judged`` are what workers use of it. The document comes
from the subject or from a stranger: it is bounded in size, depth and references before anything is done with it.
"""
