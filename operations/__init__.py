"""What a person does with the pipeline, here or on AWS: run, up, status, history, query, replay, rebuild."""
