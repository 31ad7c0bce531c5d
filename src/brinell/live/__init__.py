"""What is shown while a run happens. Writes to standard error only: standard output is for results."""
