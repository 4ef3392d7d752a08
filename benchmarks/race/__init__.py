"""The race: every library in a process of its own, one at work at a time, over and over."""
