"""A professional's own figures: the headline, a chart, its numbers, and what was booked last."""
