"""What the comparison under load is run on and held against; the tiers know neither app nor machinery."""
