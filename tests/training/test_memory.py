"""What is freed stays with the process inside, and goes back at the end; another C library is left alone."""

import os
import platform
from pathlib import Path

import pytest
import torch

from regard.training import memory

BLOCK = 100 * memory.MEBIBYTE


def resident():
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own")
def test_freed_memory_is_kept_until_the_end():
    before = resident()
    with memory.kept():
        block = torch.ones(BLOCK, dtype=torch.uint8)
        assert resident() > before + BLOCK // 2
        del block
        assert resident() > before + BLOCK // 2
    assert resident() < before + BLOCK // 2


def test_an_error_inside_is_passed_on():
    with pytest.raises(ValueError, match="inside"), memory.kept():
        raise ValueError("inside")


@pytest.mark.parametrize("missing", ["mallopt", "malloc_trim"])
def test_where_there_is_no_such_function_nothing_is_done(missing, monkeypatch):
    found = memory._function
    monkeypatch.setattr(memory, "_function", lambda name: None if name == missing else found(name))
    with memory.kept():
        assert torch.ones(3).sum() == 3


def test_a_function_that_is_not_there_is_none():
    assert memory._function("no_such_function") is None
