"""``python -m simevents`` is the command ``simevents``."""

from .cli import main

if __name__ == "__main__":
    main()
