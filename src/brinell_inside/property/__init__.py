r"""Property tests under examination: Hypothesis, seen from inside the subject's pytest. PYTEST_DONT_REWRITE.

``-p brinell_inside.property.plugin`` loads it into a pytest that ``launch.py`` started; the job is the JSON file that
the variable ``BRINELL_PROPERTY`` names (removed from the environment at once):

    mode "clock" (an ordinary run) | "observe" (with observability) | "cover" (with observability and coverage)
    examples   max_examples of the profile that is loaded in place of the project's own, which is its parent
    most       whatever a test asks for, no more than this (0: as it asks)
    sizes      {node id: max_examples}, whatever the test asks for
    only       [node id]: these tests, or null for all of them
    limit_s    seconds that one test may take; limits {node id: seconds} where it differs
    profile    further settings of the profile: {"deadline_ms", "print_blob"}

Lines on the recorder's wire (``wire.py`` has the rules for all of them):

``property_hello`` hypothesis (version, null: not installed) | observability "add_observability_callback" |
    "TESTCASE_CALLBACKS" | null | profile (name of the one that was loaded), profiles_loaded [name] by the project
    derandomize, database (type name or null), examples, deadline_ms, ci_profile (whether this version has its own)
    unusable_database (path, null: fine)
``property_tests`` tests, others: how many items there are of either kind
``property_ids`` ids: of the tests that will run, some at a time
``property_test`` one per test and run, after its call:
    id | file, line (of the function) | declared (max_examples that the test has), ran (that it was run with)
    stateful_steps | explicit (number of @example) | reproduce bool | derandomize | deadline_ms | phases [name]
    database (type name or null) | fixtures [name] (function-scoped ones) | setup_s (all fixtures), call_s, cpu_s,
    gc_s, starved_s (of call_s: ready to run without a core; null: not known here) |
    outcome "passed" | "failed" | "skipped" | "limit" | "interrupted" (the whole session was: says nothing of it)
    stopped: Hypothesis's own words | phases_s {"reuse" | "generate" | "shrink" | "explain": seconds}
    reused: examples from the database | shrunk: examples of the shrink phase |
    cases [[status, us, draw_us]] of the generate phase, in order, at most 4,000
        (status "v"alid, "i"nvalid, "o"verrun, "f"ailed); cases_left_out
    observed {status: n} | how {how_generated: n} | timing {"run" | "generate" | "gc": seconds} | shrink {examples, s}
    draws {name: seconds} the ten that cost most | new_lines [[example number, lines never seen before]] | lines |
    files (that any of them lie in)
``property_limit`` id, seconds: a test was ended for taking longer than it may
"""
