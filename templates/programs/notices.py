"""Puts a notice into the homes of those who work, where JupyterLab's list of files shows it, or takes it away again.

put | remove   the file $NOTICE in each of the folders $FOLDERS (a JSON list) below $HOMES
"""

import json
import os
import sys
from pathlib import Path

homes = Path(os.environ["HOMES"])
failed = []
for folder in json.loads(os.environ["FOLDERS"]):
    notice = homes / folder / os.environ["NOTICE"]
    try:
        if sys.argv[1] == "put":
            notice.write_text(os.environ["TEXT"])
        else:
            notice.unlink(missing_ok=True)
    except OSError as error:
        failed.append(f"{folder}: {error.strerror}")
Path(os.environ["RESULT"]).write_text(json.dumps({"failed": failed}))
