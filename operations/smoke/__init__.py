"""The first deployment to a real account: made, run, compared with this machine, torn down, and told part by part."""
