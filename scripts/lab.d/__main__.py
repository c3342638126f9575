# SPDX-License-Identifier: BSD-2-Clause
"""The body of scripts/lab, which see. Runs in namespaces of its own."""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import results  # noqa: E402
from experiments import experiments  # noqa: E402
from machine import Machine, Tools  # noqa: E402
from runner import Runner, machine_facts  # noqa: E402


def main():
    d = sys.argv[1]
    tools = Tools(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), sys.argv[2])
    r = Runner(tools, Machine(tools), d)
    for n, e in experiments().items():
        if sys.argv[3:] and n not in sys.argv[3:]: continue
        rec = r.run(e)
        print(rec["status"], n, rec["elapsed_s"], rec["reason"] or "")
        for c in rec["checks"]:
            if not c["right"]: print("   ", c)
        if rec["status"] != "passed":
            for s in rec["steps"]: print("      ", s["host"], s["prompt"], s["typed"], "|", s["said"].strip())
            print({h:{k:v[1]-v[0] for k,v in c.items()} for h,c in rec["facts"].get("counters",{}).items()})
main()
