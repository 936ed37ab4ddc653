"""Plain HTTP: the session cookie, the headers, and what is closed to strangers."""
