"""Run the tap as `python -m tap_gorgias`."""

from __future__ import annotations

from tap_gorgias.tap import main

if __name__ == "__main__":
    main()
