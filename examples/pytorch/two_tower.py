"""Trains two towers on the purchases of this repository and takes them to the browser.

    python two_tower.py PROCLIVITY FOLDER

PROCLIVITY is the trainer's binary; FOLDER gets the state, the ids and the model.
"""
import torch

import shop
from models import TwoTower

EPOCHS, BATCH = 5, 64


def train(histories, items):
    network, everything = TwoTower(items, 32), torch.arange(items)

    def loss_of(_, parts):
        scores = network.users(shop.padded([given for given, _ in parts])) @ network.vectors(everything).T
        shares = torch.zeros_like(scores)
        for row, (_, targets) in zip(shares, parts):
            row[targets] = 1.0 / len(targets)
        return -(shares * scores.log_softmax(-1)).sum(-1).mean()

    return shop.learn(network, histories, 0.003, EPOCHS, BATCH, loss_of)


if __name__ == "__main__":
    shop.main("two-tower", train)
