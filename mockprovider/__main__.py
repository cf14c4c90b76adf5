"""`python -m mockprovider`."""

import sys

from mockprovider.cli import main

if __name__ == "__main__":
    sys.exit(main())
