"""Rebuilding views beside the live ones: slices of the journal folded in bulk, then following, comparing, swapping."""
