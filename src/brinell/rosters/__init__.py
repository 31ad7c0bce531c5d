"""One literal dict per role. A new kind is one file, one test and one line here; no scanning, no registration."""
