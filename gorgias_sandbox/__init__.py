"""A local Gorgias: the documented API over HTTP, in memory, stateful and strict."""
