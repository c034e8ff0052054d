"""The sweeps take long. PARITY_SHARE=0.4 draws that share of the parametrised cases, by PARITY_SEED (printed; default: another one
each time), so that short runs come round to all of them. PARITY_ONNX_SECONDS does so for ONNX, whose cases are shuffled then."""

import os
import random

SHARE = float(os.environ.get("PARITY_SHARE") or 1)
SAMPLED = SHARE < 1 or "PARITY_ONNX_SECONDS" in os.environ
SEED = int(os.environ.get("PARITY_SEED") or random.randrange(100000))


def pytest_report_header():
    return f"live: {SHARE:.0%} of the cases, PARITY_SEED={SEED}" if SAMPLED else None


def pytest_collection_modifyitems(config, items):
    draw = random.Random(SEED)
    if os.environ.get("PARITY_ONNX_SECONDS") and all("test_onnx" in item.nodeid for item in items):
        draw.shuffle(items)
    if SHARE >= 1:
        return
    kept = [item for item in items if not hasattr(item, "callspec") or draw.random() < SHARE]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_terminal_summary(terminalreporter):
    if SAMPLED:  # -q prints no header
        terminalreporter.write_line(pytest_report_header())
