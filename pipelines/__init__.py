"""What runs: settings, the warehouse, tracking, one flow per step, and the command line."""

import os

# LightGBM's threads spin while they wait: on a busy machine that costs several times the work itself. The OpenMP
# runtime reads this once, when the first library that uses it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
