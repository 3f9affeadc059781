"""Writes a small state of every network with what it scores: what the importer is tested with.

    python fixtures.py FOLDER
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import models

ITEMS, DIM = 30, 16
HISTORIES = [[3], [7, 1, 22], [5, 29, 11, 0, 17, 8]]


def main(folder):
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
    (folder / "expected.json").write_text(json.dumps({"histories": HISTORIES, "scores": expected}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
