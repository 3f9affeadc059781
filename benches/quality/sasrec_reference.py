"""SASRec in PyTorch, as the reference that our own is held against.

The architecture is that of Kang and McAuley 2018 as the authors published it (github.com/kang205/SASRec): learnt places, blocks of
causal self-attention with layer normalisation before each part, item rows shared between input and output. The loss is the
cross-entropy over the whole catalogue (RecBole's `loss_type: CE`; Klenitskiy and Vasilev 2023 show that it beats the authors' binary
loss with one negative), which `--loss bce` brings back. Leave-last-out and full ranking: the item before the last chooses the epoch, the
last is asked for, what the user had is left out.

    python sasrec_reference.py sequences.csv.gz [--dropout 0.5] ...

The file has a header and one user a line: the items in their order in the last column, separated by spaces. Prints JSON.
"""
import argparse
import copy
import csv
import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "examples/pytorch"))
from models import Block  # noqa: E402


class SASRec(nn.Module):
    def __init__(self, items, length, dim, blocks, heads, dropout):
        super().__init__()
        self.items = nn.Embedding(items + 1, dim, padding_idx=0)
        self.places = nn.Embedding(length, dim)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(dim, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim)
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.zeros_(self.items.weight[:1].detach())

    def forward(self, history):
        """(B, T) padded at the left with 0 to (B, T, d)."""
        steps = history.shape[1]
        x = self.items(history) + self.places.weight[-steps:]
        x = self.dropout(x)
        later = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
        own = torch.eye(steps, dtype=torch.bool)
        unseen = later | ((history == 0).unsqueeze(1) & ~own)
        for block in self.blocks:
            x = block(x, unseen.repeat_interleave(block.attention.num_heads, 0))
        return self.norm(x)


def read(path):
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))[1:]
    sequences = [row[-1].split() for row in rows]
    places = {}
    return [[places.setdefault(item, len(places) + 1) for item in items] for items in sequences], places


def padded(histories, length):
    width = min(length, max(len(history) for history in histories))
    out = np.zeros((len(histories), width), dtype=np.int64)
    for row, history in enumerate(histories):
        kept = history[-width:]
        out[row, width - len(kept):] = kept
    return torch.from_numpy(out)


@torch.no_grad()
def evaluate(model, histories, targets, length):
    """NDCG@10, HR@10 and NDCG@100 of one target each among all items but those of the history."""
    model.eval()
    ranks = []
    for start in range(0, len(histories), 512):
        some = histories[start:start + 512]
        scores = model(padded(some, length))[:, -1] @ model.items.weight.T
        scores[:, 0] = -torch.inf
        for row, (history, target) in enumerate(zip(some, targets[start:start + 512])):
            own = scores[row, target].item()
            scores[row, history] = -torch.inf
            ranks.append(int((scores[row] > own).sum()) if target not in history else 10**9)
    ranks = np.array(ranks)
    gain = 1 / np.log2(ranks + 2.0)
    return {"ndcg@10": float((gain * (ranks < 10)).mean()), "hr@10": float((ranks < 10).mean()), "ndcg@100": float((gain * (ranks < 100)).mean())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sequences")
    parser.add_argument("--length", type=int, default=50)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--rate", type=float, default=0.001)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--patience", type=int, default=5)
    parser.add_argument("--loss", choices=["ce", "bce"], default="ce")
    parser.add_argument("--validation", type=int, default=4000, help="users that the epoch is chosen on")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    sequences, items = read(args.sequences)
    sequences = [items for items in sequences if len(items) >= 3]
    train = [items[:-2] for items in sequences if len(items) > 3]
    chosen = rng.permutation(len(sequences))[:args.validation]
    model = SASRec(len(items), args.length, args.dim, args.blocks, args.heads, args.dropout)
    descent = torch.optim.Adam(model.parameters(), lr=args.rate, betas=(0.9, 0.98))
    best, since, curve, start = (-1.0, None), 0, [], time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        model.train()
        order, total, count = rng.permutation(len(train)), 0.0, 0
        for at in range(0, len(order), args.batch):
            some = [train[row][-args.length - 1:] for row in order[at:at + args.batch]]
            history, target = padded([items[:-1] for items in some], args.length), padded([items[1:] for items in some], args.length)
            asked = target > 0
            x, y = model(history)[asked], target[asked]
            if args.loss == "ce":
                logits = x @ model.items.weight[1:].T
                loss = nn.functional.cross_entropy(logits, y - 1)
            else:
                other = torch.randint(1, len(items) + 1, y.shape)
                score = lambda of: (x * model.items(of)).sum(-1)
                loss = nn.functional.softplus(-score(y)).mean() + nn.functional.softplus(score(other)).mean()
            descent.zero_grad()
            loss.backward()
            descent.step()
            total, count = total + loss.item() * len(y), count + len(y)
        found = evaluate(model, [sequences[row][:-2] for row in chosen], [sequences[row][-2] for row in chosen], args.length)
        curve.append({"epoch": epoch, "loss": total / count, **found})
        print(json.dumps(curve[-1]), flush=True, file=sys.stderr)
        if found["ndcg@10"] > best[0]:
            best, since = (found["ndcg@10"], copy.deepcopy(model.state_dict())), 0
        else:
            since += 1
        if since >= args.patience:
            break
    model.load_state_dict(best[1])
    result = evaluate(model, [items[:-1] for items in sequences], [items[-1] for items in sequences], args.length)
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "seconds": time.perf_counter() - start, "epochs": len(curve), "loss": args.loss, "dropout": args.dropout, **result}))


if __name__ == "__main__":
    main()
