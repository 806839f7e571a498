"""The study that test_study_run.py kills, in a process of its own."""

from __future__ import annotations

import sys
import threading

from tqdm.auto import tqdm

from aunce_lib.study import StudyConfig, run_study

if __name__ == "__main__":
    tqdm.set_lock(threading.RLock())  # its own, between processes, would outlive a killed one
    config, folder = sys.argv[1:]
    run_study(StudyConfig.load(config), folder, n_jobs=1)
