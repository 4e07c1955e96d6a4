"""The CloudFormation stacks, a file or a folder each; `app.py` puts them together."""
