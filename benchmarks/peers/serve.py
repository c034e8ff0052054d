#!/usr/bin/env python3
"""One package, ours or a peer, in a process of its own, with its own environment's Python.

    serve.py PEER THREADS                               answers orders, one JSON object per line
    serve.py PEER THREADS NETWORK METHOD INPUT.npy OUT  computes one map, writes it to OUT (.npy) and ends

PEER is a module of this folder with `prepare(network, method, samples, threads)`, which returns a function that
computes the maps of `samples` (number, rows, columns, channels) in the same layout, and `versions()`. Orders:

    {"do": "prepare", "network": FILE, "method": NAME, "input": FILE.npy, "out": FILE.npy}
    {"do": "run"}        -> {"seconds": wall time of one call}
    {"do": "runs", "count": N}    -> {"seconds": [...], "resident": bytes now}
"""

import importlib
import json
import os
import pathlib
import sys
import time
import traceback


def resident():
    """Bytes of memory that this process holds now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class Server:
    def __init__(self, peer, threads):
        self.peer, self.threads, self.call = peer, threads, None

    def prepare(self, order):
        import numpy as np

        samples = np.load(order["input"])
        self.call = self.peer.prepare(order["network"], order["method"], samples, self.threads)
        start = time.perf_counter()
        maps = self.call()
        first = time.perf_counter() - start
        if order.get("out"):
            np.save(order["out"], np.asarray(maps, dtype=np.float32))
        return {"first": first, "versions": self.peer.versions()}

    def run(self, _order):
        return {"seconds": timed(self.call)}

    def runs(self, order):
        seconds = [timed(self.call) for _ in range(order["count"])]
        return {"seconds": seconds, "resident": resident()}


def serve(server, orders, answers):
    for line in orders:
        order = json.loads(line)
        try:
            answer = getattr(server, order["do"])(order)
        except Exception as error:  # whatever a package fails with is told
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def main():
    if len(sys.argv) not in (3, 7):
        sys.exit(__doc__)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # packages print; the answers are alone on what was standard output
    threads = int(sys.argv[2])
    with answers:
        server = Server(importlib.import_module(sys.argv[1]), threads)
        if len(sys.argv) == 3:
            serve(server, sys.stdin, answers)
        else:
            network, method, samples, out = sys.argv[3:]
            server.prepare({"network": network, "method": method, "input": samples, "out": out})


if __name__ == "__main__":
    main()
