"""What all commands share: how a command tells an error, and how a group of commands imports only the one that runs."""
