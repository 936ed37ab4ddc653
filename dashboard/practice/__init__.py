"""The place "Practice": one module for each section, and the forms they share."""
