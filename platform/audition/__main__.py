"""Run the command line as `python -m audition`."""

from audition.cli.main import main

if __name__ == "__main__":
    main()
