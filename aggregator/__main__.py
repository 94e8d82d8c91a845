"""`python -m aggregator`, and the start of the installed command."""

import gc


def main() -> None:
    """As `cli.main`."""
    # What is imported stays: looking through it for garbage is an eighth of the time a start takes.
    gc.disable()
    from aggregator.cli import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
