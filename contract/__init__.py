"""What the steps of one run tell each other; standard library only, in the zips of the functions and of the Spark job."""
