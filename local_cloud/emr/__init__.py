"""Amazon EMR on one machine: each step is a spark-submit with local Spark."""
