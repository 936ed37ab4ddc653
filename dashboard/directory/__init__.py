"""The directory on screen: looking for somebody, their profile, booking a time, moving one."""
