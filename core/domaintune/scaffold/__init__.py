"""A new plugin package, written from the templates beside this file: complete, tested, and ready to build.

In the templates `$name` stands for the plugin's name; a file `plugin.py.txt` becomes `plugin.py`, and the folder
`package` gets the name of the Python package.
"""

from __future__ import annotations

from domaintune.scaffold.identity import Identity as Identity
from domaintune.scaffold.writing import outline as outline
from domaintune.scaffold.writing import rendered as rendered
from domaintune.scaffold.writing import write as write
