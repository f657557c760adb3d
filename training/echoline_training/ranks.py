"""One training in several processes, on one machine or more, started by torchrun; by itself a process is alone.

Each process (rank) does its share of every batch and all end a step with the same weights. Rank 0 is the main one: it
alone reads and writes the run's folder, so the other machines need the data and nothing else.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

PATIENCE = timedelta(hours=2)  # the others wait while the main rank checks on val


@dataclass(frozen=True)
class Ranks:
    """This process among `count`, and where it computes."""

    rank: int
    count: int
    device: torch.device

    @property
    def main(self) -> bool:
        """Whether this process reads and writes the run."""
        return self.rank == 0

    def share(self, value: Any) -> Any:
        """The main rank's value, on all ranks; they wait for it."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def gather(self, mine: torch.Tensor) -> torch.Tensor:
        """The rows [n, ...] of all ranks in their order, [count * n, ...]; gradients flow into this rank's rows only."""
        if self.count == 1:
            return mine
        mine = mine.contiguous()
        parts = [torch.empty_like(mine) for _ in range(self.count)]
        dist.all_gather(parts, mine.detach())
        parts[self.rank] = mine
        return torch.cat(parts)

    def add(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over all ranks, the same to the last bit on each."""
        if self.count == 1:
            return
        flat = torch.cat([t.flatten() for t in tensors])
        dist.all_reduce(flat)
        for t, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            t.copy_(part.view(t.shape))


def join() -> Ranks:
    """This process's place, from what torchrun says in the environment."""
    count, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available()
    if cuda and local >= torch.cuda.device_count():
        raise ValueError(f"process {local} has no GPU: there are {torch.cuda.device_count()}; lower --nproc-per-node")
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if count == 1:
        return Ranks(0, 1, device)
    if cuda:
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
        atexit.register(dist.destroy_process_group)
    return Ranks(dist.get_rank(), count, device)
