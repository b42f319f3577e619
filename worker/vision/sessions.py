"""ONNX sessions for a process that shares its cores: one thread, and none that spins."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

PROVIDERS = ["CPUExecutionProvider"]


def session_options() -> onnxruntime.SessionOptions:
    """One thread in and between operators; idle threads sleep. Measured fastest with one process a core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def open_session(model: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(model), session_options(), providers=PROVIDERS)
