"""Singer target for the Gorgias help desk."""
