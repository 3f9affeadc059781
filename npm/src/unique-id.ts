let realm: string | undefined;
let count = 0;

/** An id no other call shares: 96 random bits a realm, then a counter. Works without a secure context, unlike `randomUUID`. */
export function uniqueId(): string {
  realm ??= Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  count += 1;
  return `${realm}-${count.toString(36)}`;
}
