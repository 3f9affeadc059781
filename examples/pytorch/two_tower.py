"""Trains two towers on the purchases of this repository and takes them to the browser.

    python two_tower.py PROCLIVITY FOLDER

PROCLIVITY is the trainer's binary; FOLDER gets the state, the ids and the model.
"""
import sys

import numpy as np
import torch

import shop
from models import TwoTower

EPOCHS, BATCH = 5, 64


def train(histories, items):
    rng, network = np.random.default_rng(1), TwoTower(items, 32)
    descent, everything = torch.optim.AdamW(network.parameters(), lr=0.003), torch.arange(items)
    for epoch in range(1, EPOCHS + 1):
        total, steps = 0.0, 0
        for some in np.array_split(rng.permutation(len(histories)), len(histories) // BATCH):
            parts = [shop.split(histories[user], rng) for user in some]
            scores = network.users(shop.padded([given for given, _ in parts])) @ network.vectors(everything).T
            shares = torch.zeros_like(scores)
            for row, (_, targets) in zip(shares, parts):
                row[targets] = 1.0 / len(targets)
            loss = -(shares * scores.log_softmax(-1)).sum(-1).mean()
            descent.zero_grad()
            loss.backward()
            descent.step()
            total, steps = total + loss.item(), steps + 1
        print(f"epoch {epoch}: loss {total / steps:.4f}", file=sys.stderr)
    return network


if __name__ == "__main__":
    shop.main("two-tower", train)
