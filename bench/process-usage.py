"""Runs a command to its end, and writes what it used, with all processes that it waited for, into a file.

usage: process-usage.py FILE COMMAND [ARGUMENT...]; ends as the command does.
"""

import json
import os
import sys

report, *command = sys.argv[1:]
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
# Kilobytes, but on a Mac.
unit = 1 if sys.platform == "darwin" else 1024
with open(report, "w", encoding="utf-8") as file:
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1000
    json.dump({"cpuMs": cpu_ms, "peakBytes": usage.ru_maxrss * unit}, file)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
