"""AWS Lambda on one machine: the deployed zip, its handler in a child process."""
