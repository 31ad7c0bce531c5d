"""A cache of the project, asked as a workload says, in the project's own interpreter. PYTEST_DONT_REWRITE.

The protocol is that of ``brinell_inside.calls`` with these differences. The job has "cache": a table with "key",
"value", "loads", "loader_s", "methods", "set_options", "probe", "stampede", "loader", "callers", "cold_keys", and
"fill_s", the longest time that filling may take; "call" names the object. In ``dues`` every entry has sixteen bytes:
the due time, and an operation as one number, least bits first: kind (4 bits: read, update, insert, scan,
read-modify-write, delete), keys of a scan (7), bytes of a value (20), key (32). Before ``ready``, operations are taken
one after the other until one is negative, to fill the cache. In a closed model the users take operations from the same
pipe, whatever due time they have. Codes have, above the outcome's sixteen bits: kind (8 bits), hits, gets, loads (8
bits each). Told besides, before ``ready``:
filled mode, wanted, filled, seconds, why | stampede callers, loads, failed, longest_ns, why | stale how, keys, reads,
stale, why, example.
"""
