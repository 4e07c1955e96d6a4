"""The CloudFormation stacks, one file each; `app.py` puts them together."""
