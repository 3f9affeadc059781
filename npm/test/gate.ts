/** A promise that is kept when the test says so. */
export function gate(): { gate: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { gate: promise, open };
}
