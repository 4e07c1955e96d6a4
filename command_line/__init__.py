"""What all commands share: how a command tells an error, how a command answers with text or JSON, and how a group of commands imports only the one that runs."""
