"""What the steps of one run tell each other. Standard library only: the zips of the functions and of the Spark job both hold it."""
