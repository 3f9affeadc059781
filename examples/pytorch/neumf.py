"""Trains NeuMF on the purchases of this repository and takes it to the browser.

    python neumf.py PROCLIVITY FOLDER

PROCLIVITY is the trainer's binary; FOLDER gets the state, the ids and the model.
"""
import sys

import numpy as np
import torch
from torch import nn

import shop
from models import NeuMF

EPOCHS, BATCH, NEGATIVES = 5, 32, 4


def train(histories, items):
    rng, network = np.random.default_rng(1), NeuMF(items, 32, 16)
    descent = torch.optim.AdamW(network.parameters(), lr=0.005)
    for epoch in range(1, EPOCHS + 1):
        total, steps = 0.0, 0
        for some in np.array_split(rng.permutation(len(histories)), len(histories) // BATCH):
            parts = [shop.split(histories[user], rng) for user in some]
            users = network.users(shop.padded([given for given, _ in parts]))
            places, asked, labels = [], [], []
            for place, (user, (_, targets)) in enumerate(zip(some, parts)):
                others = rng.integers(items, size=NEGATIVES * len(targets))
                others = others[~np.isin(others, histories[user])]
                places.append(np.full(len(targets) + len(others), place))
                asked += [targets, others]
                labels += [np.ones(len(targets)), np.zeros(len(others))]
            places, asked, labels = (torch.tensor(np.concatenate(parts)) for parts in (places, asked, labels))
            scores = network.pairs([part[places] for part in users], network.vectors(asked))
            loss = nn.functional.binary_cross_entropy_with_logits(scores, labels.float())
            descent.zero_grad()
            loss.backward()
            descent.step()
            total, steps = total + loss.item(), steps + 1
        print(f"epoch {epoch}: loss {total / steps:.4f}", file=sys.stderr)
    return network


if __name__ == "__main__":
    shop.main("neumf", train)
