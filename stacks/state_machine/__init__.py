"""The state machine: `definition.py` reads in the order of the run, the other files are its parts."""
