"""AWS on one machine: moto is the control plane, and the engines behind it are real."""
