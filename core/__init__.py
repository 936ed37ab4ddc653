"""Everything that is true of the appointment book without a screen."""
