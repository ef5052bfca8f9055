"""What the dashboards show. Every query returns data beside a running demo: check/ask.py asks them."""

from .capacity import CAPACITY
from .overview import OVERVIEW
from .parts import Board, Chart
from .processor import PROCESSOR
from .read_path import READ_PATH
from .servers import SERVERS
from .stores import STORES
from .write_path import WRITE_PATH

__all__ = ["DASHBOARDS", "Board", "Chart"]

DASHBOARDS = [OVERVIEW, WRITE_PATH, PROCESSOR, READ_PATH, STORES, SERVERS, CAPACITY]
