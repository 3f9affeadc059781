const PATIENCE_MS = 8000;

/** Whether this page can be opened again with the network cut. */
export type Offline = 'stored' | 'unsupported' | 'failed';

/**
 * Installs the service worker, which stores the shell, the WebAssembly and the model, and waits until
 * it has. Also looks for a newer one now: with `updateViaCache: 'all'` the browser's own look, seconds
 * later, is then answered by its HTTP cache. So this is the last thing that uses the network.
 */
export async function storeForOffline(): Promise<Offline> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return 'unsupported';
  try {
    const registration = await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'all' });
    await inTime(navigator.serviceWorker.ready);
    await inTime(registration.update()).catch(() => undefined); // fails offline, which is fine
    return 'stored';
  } catch {
    return 'failed';
  }
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, fail) => {
    setTimeout(() => { fail(new Error('the service worker took too long')); }, PATIENCE_MS);
  });
  return Promise.race([promise, late]);
}
