"""The EMR cluster, and the Spark job's code and libraries on it."""
