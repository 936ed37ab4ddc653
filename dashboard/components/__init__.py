"""What pages are drawn with. Components show what they are given and open no database session."""
