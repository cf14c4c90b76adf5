"""`python -m conformance.selfcheck` is the same as `conformance selfcheck`."""

import sys

from conformance.selfcheck.check import main

sys.exit(main())
