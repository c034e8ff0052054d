"""What the sections share: paths and programs, paired runs, statistics, the machine, the results file."""
