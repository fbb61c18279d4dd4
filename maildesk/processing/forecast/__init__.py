"""What a configuration will do: simulation and back-test."""
