"""`make demo`: a help desk lands in a warehouse, changes, and the changes follow."""
