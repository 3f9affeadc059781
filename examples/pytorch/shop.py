"""The purchases that both examples learn from, and the way of a trained network to the browser."""
import csv
import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

LOG = Path(__file__).parents[2] / "data/complete-journey/purchases.csv.gz"
LEAST_HOUSEHOLDS = 20
LONGEST = 200


def read_histories():
    """Each household's items by the time of their last purchase, the latest last, as rows; and the items' ids by row."""
    last = {}
    with gzip.open(LOG, "rt") as file:
        for basket in csv.DictReader(file):
            for item in basket["items"].split():
                last.setdefault(basket["user"], {})[item] = basket["timestamp"]
    households = Counter(item for items in last.values() for item in items)
    ids = sorted(item for item, count in households.items() if count >= LEAST_HOUSEHOLDS)
    rows = {item: row for row, item in enumerate(ids)}
    by_time = lambda items: [rows[item] for item in sorted(items, key=items.get) if item in rows]
    histories = [by_time(items) for items in last.values()]
    return [np.array(items) for items in histories if len(items) >= 10], ids


def padded(histories):
    """(B, T), the latest item last, -1 where there is none."""
    longest = max(map(len, histories))
    return torch.tensor(np.stack([np.pad(items, (longest - len(items), 0), constant_values=-1) for items in histories]))


def split(items, rng, share=0.2):
    """A random part is asked for given the rest."""
    asked = rng.random(len(items)) < share
    asked[rng.integers(len(items))] = True
    asked[rng.choice(np.flatnonzero(np.arange(len(items)) != np.flatnonzero(asked)[0]))] = False
    return items[~asked][-LONGEST:], items[asked]


def learn(network, histories, rate, epochs, batch, loss_of):
    """Descends by `loss_of(users, parts)`: the users of a batch, and what is given and asked for of each."""
    rng, descent = np.random.default_rng(1), torch.optim.AdamW(network.parameters(), lr=rate)
    for epoch in range(1, epochs + 1):
        total, steps = 0.0, 0
        for some in np.array_split(rng.permutation(len(histories)), len(histories) // batch):
            loss = loss_of(some, [split(histories[user], rng) for user in some])
            descent.zero_grad()
            loss.backward()
            descent.step()
            total, steps = total + loss.item(), steps + 1
        print(f"epoch {epoch}: loss {total / steps:.4f}", file=sys.stderr)
    return network


def export(network, family, ids, folder, proclivity, histories):
    """Writes the network's state, has it imported, and holds the model's recommendations to the network's own scores.

    `histories` are lists of rows. Returns the largest difference of a score.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state, items, model = folder / f"{family}.safetensors", folder / "items.csv", folder / f"{family}.proclivity.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, state)
    items.write_text("id,row\n" + "".join(f"{item},{row}\n" for row, item in enumerate(ids)))
    flags = ["--network", family, "--item-ids", items, "--precision", "f32", "-o", model]
    call(proclivity, "import", state, *flags)
    network.eval()
    rows, largest = {item: row for row, item in enumerate(ids)}, 0.0
    for history in histories:
        with torch.no_grad():
            scores = network.scores(padded([np.array(history)]))[0]
        names = ",".join(ids[row] for row in history)
        found = json.loads(call(proclivity, "recommend", model, "--history", names, "-k", "10", "--json"))["items"]
        scores[list(history)] = -torch.inf
        best = {ids[row] for row in scores.topk(10).indices.tolist()}
        if best != {item["id"] for item in found}:
            sys.exit(f"other items than PyTorch has: {sorted(best)}, {[item['id'] for item in found]}")
        largest = max(largest, *(abs(item["score"] - scores[rows[item["id"]]].item()) for item in found))
    return largest


def call(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def main(family, train):
    """Trains with `train(histories, item count)`, exports, and prints what came of it as JSON."""
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} PROCLIVITY FOLDER")
    torch.manual_seed(1)
    histories, ids = read_histories()
    network = train(histories, len(ids))
    asked = [items[-40:].tolist() for items in histories[::200]]
    apart = export(network, family, ids, Path(sys.argv[2]), sys.argv[1], asked)
    print(json.dumps({"family": family, "items": len(ids), "histories": len(asked), "largest_difference": apart}))
    if apart > 1e-4:
        sys.exit(1)
