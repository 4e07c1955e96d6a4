"""The folder between the two: the collector writes there, the uploader takes from there, either may die at any moment."""
