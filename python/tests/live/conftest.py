"""The sweeps take long. PARITY_SHARE=0.4 draws that share of the parametrised cases, by PARITY_SEED (printed; default: another one
each time), so that short runs come round to all of them."""

import os
import random

SHARE = float(os.environ.get("PARITY_SHARE") or 1)
SEED = int(os.environ.get("PARITY_SEED") or random.randrange(100000))


def pytest_report_header():
    return f"live: {SHARE:.0%} of the cases, PARITY_SEED={SEED}" if SHARE < 1 else None


def pytest_collection_modifyitems(config, items):
    if SHARE >= 1:
        return
    draw = random.Random(SEED)
    kept = [item for item in items if not hasattr(item, "callspec") or draw.random() < SHARE]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_terminal_summary(terminalreporter):
    if SHARE < 1:  # -q prints no header
        terminalreporter.write_line(pytest_report_header())
