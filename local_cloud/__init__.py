"""AWS on one machine: the control plane is moto's, the engines behind it are real."""
