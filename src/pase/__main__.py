"""`python -m pase` is `pase`."""

import sys

from pase.cli import main

sys.exit(main())
