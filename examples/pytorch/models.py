"""The networks that `proclivity import --network FAMILY` reads, as PyTorch modules.

A user is what is made of a history, so that strangers have recommendations on their device. `scores(history)` takes histories (B, T),
the latest item last, padded at the left with -1, and gives scores of the whole catalogue (B, n); `state_dict()` has the names that
docs/PYTORCH.md lists.
"""
import csv

import torch
from torch import nn


def mask(history):
    """1 where there is an item, (B, T, 1)."""
    return (history >= 0).unsqueeze(-1).float()


def pooled(table, history, power=1.0):
    """Rows of a history, summed up and divided by a power of their number: (B, w)."""
    there = mask(history)
    return (table(history.clamp(min=0)) * there).sum(1) / there.sum(1).clamp(min=1) ** power


def stack(*widths):
    """Dense layers with ReLU between them."""
    parts = []
    for at, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        parts += [nn.Linear(inputs, outputs)] + ([nn.ReLU()] if at + 2 < len(widths) else [])
    return nn.Sequential(*parts)


def side_by_side(user, items):
    """Every user beside every item: (B, n, w + v)."""
    shape = (len(user), len(items))
    return torch.cat([user.unsqueeze(1).expand(*shape, -1), items.unsqueeze(0).expand(*shape, -1)], -1)


class GMF(nn.Module):
    """Generalised matrix factorisation (He et al. 2017): h . (u * i)."""

    def __init__(self, items, dim):
        super().__init__()
        self.items, self.history = nn.Embedding(items, dim), nn.Embedding(items, dim)
        self.output = nn.Linear(dim, 1)

    def scores(self, history):
        return self.output(pooled(self.history, history).unsqueeze(1) * self.items.weight.unsqueeze(0)).squeeze(-1)


class MLP(nn.Module):
    """Dense layers over both vectors: [u | i] -> ... -> 1."""

    def __init__(self, items, dim, hidden=(64, 64)):
        super().__init__()
        self.items, self.history = nn.Embedding(items, dim), nn.Embedding(items, dim)
        self.layers = stack(2 * dim, *hidden, 1)

    def scores(self, history):
        return self.layers(side_by_side(pooled(self.history, history), self.items.weight)).squeeze(-1)


class NeuMF(nn.Module):
    """Both of them, joined by the last layer (He et al. 2017)."""

    def __init__(self, items, product, dim, hidden=(64, 32)):
        super().__init__()
        tables = lambda: nn.ModuleDict({"product": nn.Embedding(items, product), "layers": nn.Embedding(items, dim)})
        self.items, self.history = tables(), tables()
        self.layers = stack(2 * dim, *hidden)
        self.output = nn.Linear(product + hidden[-1], 1)

    def users(self, history):
        return [pooled(self.history[part], history) for part in ("product", "layers")]

    def pairs(self, user, item):
        """Scores of users and items of the same number: lists of both parts, (P, w) each."""
        hidden = torch.relu(self.layers(torch.cat([user[1], item[1]], -1)))
        return self.output(torch.cat([user[0] * item[0], hidden], -1)).squeeze(-1)

    def vectors(self, items):
        return [self.items[part](items) for part in ("product", "layers")]

    def scores(self, history):
        count = self.items["product"].num_embeddings
        items = self.vectors(torch.arange(count))
        rows = []
        for user in zip(*self.users(history)):
            rows.append(self.pairs([part.expand(count, -1) for part in user], items))
        return torch.stack(rows)


class TwoTower(nn.Module):
    """A tower for users, one for items, and a dot (Covington et al. 2016)."""

    def __init__(self, items, dim, hidden=64):
        super().__init__()
        self.items, self.history = nn.Embedding(items, dim), nn.Embedding(items, dim)
        self.user, self.item = stack(dim, hidden, dim), stack(dim, hidden, dim)

    def users(self, history):
        return self.user(pooled(self.history, history))

    def vectors(self, items):
        return self.item(self.items(items))

    def scores(self, history):
        return self.users(history) @ self.vectors(torch.arange(self.items.num_embeddings)).T


class GRU4Rec(nn.Module):
    """A gated recurrent unit over the items' own rows (Hidasi et al. 2016)."""

    def __init__(self, items, dim):
        super().__init__()
        self.items = nn.Embedding(items, dim)
        self.gru = nn.GRU(dim, dim, batch_first=True)

    def users(self, history):
        """One history at a time: nothing stands before its first item."""
        rows = [self.items(row[row >= 0]) for row in history]
        return torch.stack([self.gru(row.unsqueeze(0))[0][0, -1] for row in rows])

    def scores(self, history):
        return self.users(history) @ self.items.weight.T


class Block(nn.Module):
    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.norm_attention, self.norm_layers = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, dropout, batch_first=True)
        self.layers = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dim, dim), nn.Dropout(dropout))

    def forward(self, x, unseen):
        normal = self.norm_attention(x)
        x = x + self.attention(normal, normal, normal, attn_mask=unseen, need_weights=False)[0]
        return x + self.layers(self.norm_layers(x))


class SASRec(nn.Module):
    """Self-attention (Kang and McAuley 2018); places are counted from the end."""

    def __init__(self, items, length, dim, blocks=2, heads=1, dropout=0.0):
        super().__init__()
        self.items, self.places = nn.Embedding(items, dim), nn.Embedding(length, dim)
        self.blocks = nn.ModuleList(Block(dim, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim)

    def forward(self, history):
        """What stands at each place: (B, T, d)."""
        steps = history.shape[1]
        x = self.items(history.clamp(min=0)) + self.places.weight[-steps:]
        later, own = torch.ones(steps, steps).triu(1).bool(), torch.eye(steps).bool()
        unseen = later | ((history < 0).unsqueeze(1) & ~own)
        for block in self.blocks:
            x = block(x, unseen.repeat_interleave(block.attention.num_heads, 0))
        return self.norm(x)

    def users(self, history):
        return self(history)[:, -1]

    def scores(self, history):
        return self.users(history) @ self.items.weight.T


class MultVAE(nn.Module):
    """An autoencoder over a history of equal shares, its squares adding up to 1 (Liang et al. 2018)."""

    def __init__(self, items, hidden, code):
        super().__init__()
        self.encoder, self.mean, self.spread = nn.Linear(items, hidden), nn.Linear(hidden, code), nn.Linear(hidden, code)
        self.decoder, self.output = nn.Linear(code, hidden), nn.Linear(hidden, items)

    def scores(self, history):
        shares = torch.zeros(len(history), self.encoder.in_features)
        for row, items in zip(shares, history):
            row[items[items >= 0]] = 1.0
        shares = shares / shares.norm(dim=1, keepdim=True).clamp(min=1e-9)
        code = self.mean(torch.tanh(self.encoder(shares)))
        return self.output(torch.tanh(self.decoder(code)))


class FM(nn.Module):
    """A factorisation machine (Rendle 2010) over a history, an item with its attributes, and a moment.

    `attributes` are tables with a row an item each: what the item's values in a column add up to. With `hidden` widths it is DeepFM
    (Guo et al. 2017). What a user's own features say to each other is the same for every item and is left out.
    """

    def __init__(self, items, dim, attributes=0, moments=True, hidden=()):
        super().__init__()
        self.items, self.history, self.item_bias = nn.Embedding(items, dim), nn.Embedding(items, dim), nn.Embedding(items, 1)
        self.attributes = nn.ModuleList(nn.Embedding(items, dim) for _ in range(attributes))
        if moments:  # hours 0-23, weekdays 0 (Sunday) to 6; the last row stands for a moment that is not told
            self.hour, self.weekday = nn.Embedding(25, dim), nn.Embedding(8, dim)
        fields = 2 + attributes + (2 if moments else 0)
        if hidden:
            self.layers = stack(fields * dim, *hidden, 1)

    def scores(self, history, hour=24, weekday=7):
        of_items = torch.stack([self.items.weight, *(table.weight for table in self.attributes)])  # (fields, n, k)
        of_users = [pooled(self.history, history)]
        if hasattr(self, "hour"):
            of_users += [table.weight[row].expand(len(history), -1) for table, row in ((self.hour, hour), (self.weekday, weekday))]
        total = of_items.sum(0)
        own = 0.5 * (total.square().sum(-1) - of_items.square().sum((0, 2)))
        scores = sum(of_users) @ total.T + own + self.item_bias.weight.squeeze(-1)
        if hasattr(self, "layers"):
            fields = side_by_side(torch.cat(of_users, -1), torch.cat(list(of_items), -1))
            scores = scores + self.layers(fields).squeeze(-1)
        return scores


class ContentTower(nn.Module):
    """From what an item says of itself to its vector (van den Oord et al. 2013), over the features that `proclivity features` writes."""

    def __init__(self, features, width, hidden, dim):
        super().__init__()
        self.features, self.layers = nn.EmbeddingBag(features, width, mode="sum"), stack(width, hidden, dim)

    def forward(self, bags):
        """A list of (features, weights) an item: (n, d)."""
        starts = torch.tensor([0] + [len(features) for features, _ in bags[:-1]]).cumsum(0)
        features = torch.tensor([feature for features, _ in bags for feature in features])
        weights = torch.tensor([weight for _, weights in bags for weight in weights])
        return self.layers(self.features(features, starts, per_sample_weights=weights))


def read_bags(path):
    """The features.csv of `proclivity features`, an item's features and weights by its id."""
    bags = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            features, weights = bags.setdefault(row["item"], ([], []))
            features.append(int(row["feature"]))
            weights.append(float(row["weight"]))
    return bags
