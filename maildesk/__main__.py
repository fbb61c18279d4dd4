"""`python -m maildesk` is the `maildesk` command."""

from maildesk.cli import main

if __name__ == "__main__":
    main()
