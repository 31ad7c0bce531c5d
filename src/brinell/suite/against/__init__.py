"""The suite of this tree against that of another one: pairs of runs, as many as an answer takes."""
