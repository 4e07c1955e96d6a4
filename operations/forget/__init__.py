"""`pipeline forget`: deletes everything about a user, or another record, wherever the pipeline still holds it."""
