"""The bytes of one mail: in memory, or a mapped file of which only slices are copied."""

import mmap
from typing import TypeAlias

Raw: TypeAlias = bytes | mmap.mmap
