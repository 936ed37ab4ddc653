"""The numbers of the place: one page, a view for each question, one bar above them all."""
