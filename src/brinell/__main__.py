"""``python -m brinell``."""

from brinell.cli.app import main

if __name__ == "__main__":
    main()
