"""Words on a command line -> an exit status."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import sys
import traceback
from typing import NoReturn

import click

from aggregator.cli.commands import aggregator
from aggregator.errors import AggregatorError, StorageError, UsageError
from aggregator.logs import printable_lines

OUR_BUG = 70
_STATUS = {
    errno.EACCES: StorageError.exit_status,
    errno.ENAMETOOLONG: UsageError.exit_status,
    errno.ENOSPC: StorageError.exit_status,
    errno.EDQUOT: StorageError.exit_status,
    errno.EFBIG: StorageError.exit_status,
}


def main() -> None:
    """Ends the process with the exit status of DESIGN's table; 130 when interrupted."""
    _ready_output()
    try:
        status = aggregator.main(standalone_mode=False)
        sys.stdout.flush()  # the last of the answer: whether it can be written shows here
    except click.ClickException as error:
        _show(error)
        status = error.exit_code
    except click.Abort:
        status = 130
    except AggregatorError as error:
        print(printable_lines(f"aggregator: {error}"), file=sys.stderr)
        status = error.exit_status
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away (`| head`), for which click ends with SystemExit;
        # nothing is left to say, nor to whom.
        sys.stderr.close()
        status = 0
    except Exception as error:
        status = _unforeseen(error)
    _leave(status or 0)  # a command that returns nothing has gone well


def _show(error: click.ClickException) -> None:
    """In click's words, and where an option belongs that stands behind the command."""
    shared = {name for option in aggregator.params for name in option.opts}
    if isinstance(error, click.NoSuchOption) and error.option_name in shared:
        text = f"{error.message} It stands before the command."
        error = click.NoSuchOption(error.option_name, text, ctx=error.ctx)
    error.show()


def _ready_output() -> None:
    """Started with a stream closed (`>&-`), a file opened later would be in its place; what an
    encoding that is not UTF-8 lacks is printed as an escape."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = io.BufferedWriter(io.FileIO(os.devnull, "w"))
            setattr(sys, name, io.TextIOWrapper(nowhere))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _unforeseen(error: Exception) -> int:
    """What may be met wherever a path is looked at or something is printed; the rest is a bug."""
    status = _STATUS.get(error.errno or 0) if isinstance(error, OSError) else None
    if isinstance(error, OSError) and status is not None:
        where = error.filename or "standard output"
        print(printable_lines(f"aggregator: {where}: {error.strerror}"), file=sys.stderr)
        return status
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
