"""Writes a small state of every network with what it scores: what the importer is tested with.

    python fixtures.py PROCLIVITY FOLDER
"""
import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import models

ITEMS, DIM = 30, 16
HISTORIES = [[3], [7, 1, 22], [5, 29, 11, 0, 17, 8]]


KINDS, WORDS = ["baker", "butcher", "grocer"], ["red", "green", "small", "large", "fresh"]


def content(proclivity, folder, towers, history):
    """A tower beside two-tower's vectors, and the scores of three items that these do not have."""
    names = [f"i{item}" for item in range(ITEMS)] + ["new0", "new1", "new2"]
    rows = [f"{name},{KINDS[n % 3]},{n % 7}.5,{WORDS[n % 5]} {WORDS[n * n % 4]}" for n, name in enumerate(names)]
    (folder / "items.csv").write_text("item,kind,price,title\n" + "\n".join(rows) + "\n")
    subprocess.run([proclivity, "features", folder / "items.csv", "-o", folder], check=True)
    bags = models.read_bags(folder / "features.csv")
    count = sum(field.get("buckets", len(field.get("values", field.get("edges", []))) + (field["kind"] == "number")) + 1
                for field in json.loads((folder / "fields.json").read_text()))
    tower = models.ContentTower(count, 8, 12, DIM)
    save_file(tower.state_dict(), folder / "content.safetensors")
    with torch.no_grad():
        scores = towers.users(history) @ tower([bags[name] for name in names[ITEMS:]]).T
    return [[round(score, 6) for score in row] for row in scores.tolist()]


def main(proclivity, folder):
    torch.manual_seed(7)
    networks = {
        "gmf": models.GMF(ITEMS, DIM),
        "mlp": models.MLP(ITEMS, DIM, (16, 8)),
        "neumf": models.NeuMF(ITEMS, DIM, 4, (16, 8)),
        "two-tower": models.TwoTower(ITEMS, DIM, 16),
        "gru4rec": models.GRU4Rec(ITEMS, DIM),
        "sasrec": models.SASRec(ITEMS, 10, DIM, heads=2),
        "mult-vae": models.MultVAE(ITEMS, 32, DIM),
        "fm": models.FM(ITEMS, DIM, attributes=2),
        "deepfm": models.FM(ITEMS, DIM, attributes=1, hidden=(16, 8)),
    }
    longest = max(len(items) for items in HISTORIES)
    history = torch.tensor([[-1] * (longest - len(items)) + items for items in HISTORIES])
    expected = {}
    for family, network in networks.items():
        network.eval()
        for name, tensor in network.state_dict().items():
            if name.startswith("norm") or ".norm" in name:
                tensor.add_(0.1 * torch.randn_like(tensor))
        save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / f"{family}.safetensors")
        with torch.no_grad():
            scores = network.scores(history)
        # What comes out of a network that a bias alone moves is told by differences.
        expected[family] = [[round(score, 6) for score in row] for row in scores.tolist()]
    added = content(proclivity, folder, networks["two-tower"], history)
    (folder / "expected.json").write_text(json.dumps({"histories": HISTORIES, "scores": expected, "added": added}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
