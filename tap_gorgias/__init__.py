"""Singer tap for the Gorgias help desk."""
