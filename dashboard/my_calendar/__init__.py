"""A professional's own calendar: how today stands, and the views of it."""
