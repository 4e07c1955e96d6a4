"""AWS Step Functions on one machine: moto's interpreter, with the tasks and calls it lacks."""
