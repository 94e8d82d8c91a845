"""feeds.yaml: text -> Network, with every problem at its line and column.

`load_network` is pure; reading the file is `aggregator.config_file`.
"""

from aggregator.config.document import json_schema
from aggregator.config.load import LoadedNetwork, load_network

__all__ = ["LoadedNetwork", "json_schema", "load_network"]
