"""What the comparison under load is run on and held against; knows neither the app nor the machinery."""
