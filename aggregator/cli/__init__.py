"""Words on a command line -> an exit status."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import traceback
from typing import NoReturn

import click

from aggregator.cli.commands import aggregator
from aggregator.cli.showing import printable_lines
from aggregator.errors import AggregatorError, UsageError

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
    except Exception as error:
        status = _unforeseen(error)
    _leave(status or 0)  # a command that returns nothing has gone well


def _unforeseen(error: Exception) -> int:
    """A name too long for any file may be met wherever a path is looked at; the rest is a bug."""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        print(printable_lines(f"aggregator: {error.filename}: {error.strerror}"), file=sys.stderr)
        return UsageError.exit_status
    traceback.print_exception(error)
    print("aggregator: this is a bug; please report the lines above", file=sys.stderr)
    return OUR_BUG


def _leave(status: int) -> NoReturn:
    """Everything is closed by now; freeing every object of every module one by one would take a
    tenth of a second more."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(status)
