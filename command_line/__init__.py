"""What the commands of several rooms have in common: how they tell errors, and how a group imports the one that is run."""
