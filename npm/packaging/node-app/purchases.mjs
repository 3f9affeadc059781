/** Three items spread over the catalogue: the same ones wherever the catalogue is the same. */
export function threePurchases(ids) {
  return [0.1, 0.5, 0.9].map((share) => ids[Math.floor(share * ids.length)]);
}
