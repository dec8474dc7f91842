"""The prober: a trusted program that speaks to a candidate's running service and writes down what it saw."""
