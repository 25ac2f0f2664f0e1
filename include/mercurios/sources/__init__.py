"""The sources that data comes from; each package below implements one."""
