"""What stands in a suite's code and configuration, read without running any of it.

``reading`` walks the stages. ``files`` finds and parses, ``project`` follows names through the project's own modules,
``found_tests`` says what pytest would collect, ``asserting`` what counts as an assertion, and each file of ``kinds``
finds one kind of weakness; ``roster`` lists them. ``questions`` asks the user's interpreter for what only it can know.

Everything read here is untrusted: sizes, numbers and depth are bounded, and nothing is imported or executed.
"""
