"""Data sets: read any file, account for every row, keep test and training apart, and write the same bytes every time.

`make` runs a builder over its sources, `write` puts the result into a folder, and `load` and `stream` read one side of it
back.
"""

from __future__ import annotations

from domaintune.data.build import make as make
from domaintune.data.bulk import Sharded as Sharded
from domaintune.data.dataset import Dataset as Dataset
from domaintune.data.dataset import load as load
from domaintune.data.dataset import stream as stream
from domaintune.data.dataset import write as write
from domaintune.data.dataset import write_books as write_books
from domaintune.data.ledger import Ledger as Ledger
from domaintune.data.ledger import TooMalformed as TooMalformed
from domaintune.data.lengths import LengthTable as LengthTable
from domaintune.data.text import clean_text as clean_text
