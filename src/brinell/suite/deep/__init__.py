"""A verdict for every test: orders, alone, twice, pairs, proofs and causes (``docs/suite-hardening.md``)."""
