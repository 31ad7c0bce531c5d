"""The search for the breaking point: ``trial.py`` (start here) asks ``core.capacity_search`` for the next level, has
``LoadTrial`` press with it, and writes down what came of it; ``step.py`` looks on and ends a step that is decided.
"""
