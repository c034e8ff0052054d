"""launch.py COMMAND...: runs it and prints its seconds and its peak of resident bytes.

A process of its own, and a small one: the kernel counts as a peak of a program what the process held that started it.
"""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - start
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps({"seconds": seconds, "peak": usage.ru_maxrss * 1024, "code": process.returncode}))
