"""Package sizes as the source writes them, in a form people read: "6/11.2 OZ" becomes "6 × 11.2 oz"."""

import re

UNITS = {
    "OZ": "oz", "OZS": "oz", "Z": "oz", "O": "oz", "LB": "lb", "LBS": "lb", "GAL": "gal", "GALON": "gal",
    "QT": "qt", "PT": "pt", "L": "L", "LT": "L", "LTR": "L", "ML": "mL", "GR": "g", "CT": "ct", "PK": "pack",
    "SQ FT": "sq ft", "FT": "ft", "IN": "in", "YD": "yd", "PC": "pc", "PCS": "pc", "PKS": "pack", "GA": "gal", "ROLL": "rolls", "DZ": "dozen", "DOZ": "dozen", "USE": "uses",
    "LDS": "loads", "LD": "loads", "LOAD": "loads", "LOADS": "loads", "STEM": "stems", "STEMS": "stems",
    "BAR": "bars", "FL OZ": "fl oz",
}
CONTAINERS = {"CAN": " can", "CN": " can", "BTL": " bottle", "PET": " bottle", "TUB": " tub"}
NUMBER = r"(?:\d+ \d/\d|\d/\d(?=\s)|\d*\.\d+|\d+)"
UNIT = r"(SQ FT|FL OZ|[A-Z]+)"


def number(text):
    """'.92' -> '0.92', '11.00' -> '11'; mixed numbers ('12 3/4') stay as they are."""
    if "/" in text:
        return text
    value = f"{float(text):.4f}".rstrip("0").rstrip(".")
    return value


def measure(amount, unit):
    """'12', 'OZ' -> '12 oz'; None where the unit is unknown."""
    unit = UNITS.get(unit)
    if unit is None:
        return None
    return f"{amount}-pack" if unit == "pack" else f"{amount} {unit}"


def plural(container):
    """'CN' -> ' cans', nothing where no container is named."""
    return CONTAINERS[container] + "s" if container in CONTAINERS else ""


def readable(raw):
    """The readable size, or '' where the source's text holds none (article codes, words)."""
    if not isinstance(raw, str):
        return ""
    text = " ".join(raw.upper().split())
    text = re.sub(r"^(?:[LNBC] |\(\d+\) |\d{5,6} )", "", text)  # shelf and article codes
    text = re.sub(r"\(.*?\)", "", text).replace("OZS.", "OZ").replace("15 00", "15").strip()
    text = re.sub(r"(\d)X ?(\d)", r"\1 X\2", text)
    text = text.replace(" - ", "-")
    if text in ("GAL", "LB", "QT", "PT", "DZ"):
        return measure("1", text)

    dimensions = re.fullmatch(rf"({NUMBER}) X\s?({NUMBER}) ?IN", text)
    if dimensions:
        return f"{number(dimensions[1])} × {number(dimensions[2])} in"

    several = re.fullmatch(rf"(\d+)(?:/| PK )({NUMBER}) {UNIT}(?: ([A-Z]+))?", text)
    if several and not re.fullmatch(r"[1-3]/[248] (?:L|GAL|LB|OZ|QT|PT|IN)", text):
        each = measure(number(several[2]), several[3])
        return f"{several[1]} × {each}{plural(several[4])}" if each else ""

    dashed = re.fullmatch(rf"({NUMBER})-({NUMBER}) {UNIT}", text)
    if dashed:
        low, high = float(dashed[1]), float(dashed[2])
        joined = f"{number(dashed[1])}–{number(dashed[2])}" if low < high < 2 * low else None
        if joined:
            return measure(joined, dashed[3]) or ""
        each = measure(number(dashed[2]), dashed[3])
        return f"{number(dashed[1])} × {each}" if each else ""

    parts = []
    for amount, unit in re.findall(rf"({NUMBER}) ?(?:{UNIT})?", text.replace("/ CAN", " CAN")):
        shown = measure(amount if "/" in amount else number(amount), unit or "OZ")
        if shown and shown not in parts and not (unit == "" and not parts):
            parts.append(shown)
    if not parts:
        return ""
    container = re.search(r"(?:OZ|CT|L) (CAN|BTL|PET|TUB)$", text)
    parts.sort(key=lambda part: not (part.endswith("-pack") or part.endswith(" ct")))
    return ", ".join(parts) + (CONTAINERS[container[1]] if container else "")
