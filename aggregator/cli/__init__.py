"""Words on a command line -> an exit status."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from typing import NoReturn

import click

from aggregator.cli.commands import aggregator
from aggregator.errors import AggregatorError
from aggregator.logs import printable_lines

OUR_BUG = 70


def main() -> None:
    """Ends the process with the exit status of DESIGN's table; 130 when interrupted."""
    try:
        status = aggregator.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        status = 130
    except AggregatorError as error:
        print(printable_lines(f"aggregator: {error}"), file=sys.stderr)
        status = error.exit_status
    except BrokenPipeError:
        # The reader of our output went away (`| head`); nothing is left to say, nor to whom.
        sys.stderr.close()
        status = 0
    except Exception:
        traceback.print_exc()
        print("aggregator: this is a bug; please report the lines above", file=sys.stderr)
        status = OUR_BUG
    _leave(status or 0)  # a command that returns nothing has gone well


def _leave(status: int) -> NoReturn:
    """Everything is closed by now; freeing every object of every module one by one would take a
    tenth of a second more."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(status)
