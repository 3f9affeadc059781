"""Times the implicit package's ALS on a split, and prints one JSON object: the peer of the row `als-time`.

usage: implicit_als.py LOG --keep-users FILE --keep-items FILE
"""

import argparse
import csv
import gzip
import json
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the package asks for

import implicit
import scipy.sparse


def rows(path):
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log")
    parser.add_argument("--keep-users", required=True)
    parser.add_argument("--keep-items", required=True)
    flags = parser.parse_args()
    users = {row["user"]: n for n, row in enumerate(rows(flags.keep_users))}
    items = {row["item"]: n for n, row in enumerate(rows(flags.keep_items))}
    pairs = {
        (users[row["user"]], items[item])
        for row in rows(flags.log)
        if row["user"] in users
        for item in row["items"].split()
        if item in items
    }
    left, right = zip(*sorted(pairs))
    matrix = scipy.sparse.csr_matrix(([1.0] * len(left), (left, right)), shape=(len(users), len(items)), dtype="float32")
    # Its alpha is the confidence itself: 3 is 1 + 2.
    model = implicit.als.AlternatingLeastSquares(
        factors=64, alpha=3.0, regularization=1.0, iterations=15, num_threads=2, use_gpu=False, random_state=42
    )
    start = time.perf_counter()
    model.fit(matrix, show_progress=False)
    print(json.dumps({"seconds": time.perf_counter() - start, "version": implicit.__version__, "pairs": len(pairs)}))


main()
