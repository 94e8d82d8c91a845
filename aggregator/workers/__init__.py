"""Documents -> what they hold, read in processes that can be killed."""

from aggregator.workers.limits import WorkerLimits
from aggregator.workers.pool import WorkerPool
from aggregator.workers.process import WorkerStartError

__all__ = ["WorkerLimits", "WorkerPool", "WorkerStartError"]
