"""Makes the files beside it: models as the `implicit` package (0.7.2) saves them, and what they recommend a stranger.

Run here, with implicit and numpy installed: `python make.py`.
"""

import json

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.lmf import LogisticMatrixFactorization
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix, save_npz

USERS, ITEMS, FACTORS = 30, 20, 4
HISTORY = [1, 4, 9]

random = np.random.default_rng(7)
# Two tastes: users and items of the same parity.
parity = (np.arange(USERS)[:, None] + np.arange(ITEMS)[None, :]) % 2 == 0
pairs = csr_matrix((random.random((USERS, ITEMS)) < np.where(parity, 0.5, 0.08)).astype(np.float32))
stranger = csr_matrix((np.ones(len(HISTORY), np.float32), ([0] * len(HISTORY), HISTORY)), shape=(1, ITEMS))

shared = {"factors": FACTORS, "random_state": 1, "num_threads": 1}
als = AlternatingLeastSquares(alpha=3.0, regularization=0.05, **shared)
bpr = BayesianPersonalizedRanking(learning_rate=0.05, **shared)
lmf = LogisticMatrixFactorization(**shared)
cosine = CosineRecommender(K=6, num_threads=1)
for name, model in {"als": als, "bpr": bpr, "lmf": lmf, "cosine": cosine}.items():
    model.fit(pairs, show_progress=False)
    model.save(f"{name}.npz")
save_npz("scipy.npz", cosine.similarity.tocsr())


def recommended(model, **options):
    """Item and score, best first, of a stranger who took HISTORY."""
    items, scores = model.recommend(0, stranger, N=ITEMS, filter_already_liked_items=True, **options)
    return [[int(item), float(score)] for item, score in zip(items, scores) if score > -1e30]


with open("expected.json", "w") as file:
    answers = {"als": recommended(als, recalculate_user=True), "cosine": recommended(cosine)}
    json.dump({"history": HISTORY, **answers}, file, indent=1)
