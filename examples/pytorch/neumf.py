"""Trains NeuMF on the purchases of this repository and takes it to the browser.

    python neumf.py PROCLIVITY FOLDER

PROCLIVITY is the trainer's binary; FOLDER gets the state, the ids and the model.
"""
import numpy as np
import torch
from torch import nn

import shop
from models import NeuMF

EPOCHS, BATCH, NEGATIVES = 5, 32, 4


def train(histories, items):
    rng, network = np.random.default_rng(2), NeuMF(items, 32, 16)

    def loss_of(some, parts):
        users = network.users(shop.padded([given for given, _ in parts]))
        places, asked, labels = [], [], []
        for place, (user, (_, targets)) in enumerate(zip(some, parts)):
            others = rng.integers(items, size=NEGATIVES * len(targets))
            others = others[~np.isin(others, histories[user])]
            places.append(np.full(len(targets) + len(others), place))
            asked += [targets, others]
            labels += [np.ones(len(targets)), np.zeros(len(others))]
        places, asked, labels = (torch.tensor(np.concatenate(all)) for all in (places, asked, labels))
        scores = network.pairs([part[places] for part in users], network.vectors(asked))
        return nn.functional.binary_cross_entropy_with_logits(scores, labels.float())

    return shop.learn(network, histories, 0.005, EPOCHS, BATCH, loss_of)


if __name__ == "__main__":
    shop.main("neumf", train)
