"""What can be set: the context of `cdk.json`, typed and checked, and the page that explains each setting."""
