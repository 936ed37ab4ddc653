"""The parts of My hours: the weekly hours, painted or typed, and what saving them does."""
