"""Run the target as `python -m target_gorgias`."""

from __future__ import annotations

from target_gorgias.target import main

if __name__ == "__main__":
    main()
