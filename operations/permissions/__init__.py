"""Who may do what, and who does."""
