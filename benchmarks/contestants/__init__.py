"""Other ways to the newest version of each record: small programs, each started with a folder to read and one to write."""
