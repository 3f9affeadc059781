// The package under the strictest policy it asks for, in the page and in its worker: as a response header, which binds both.
import { createHash } from 'node:crypto';
import { expect, test } from './support/bare.ts';

for (const worker of [false, true]) {
  test(`a strict policy is enough, ${worker ? 'in a worker' : 'in the page'}`, async ({ bare, context }) => {
    let policy = '';
    await context.route('**/*', async (route) => {
      const response = await route.fetch();
      if (route.request().isNavigationRequest()) {
        // The page's import map is inline, and is let in by its hash alone.
        const map = /<script type="importmap">(.*?)<\/script>/s.exec(await response.text())?.[1] ?? '';
        const hash = createHash('sha256').update(map).digest('base64');
        policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'; connect-src 'self'; worker-src 'self'`;
      }
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } });
    });
    const troubles: string[] = [];
    context.on('console', (message) => { if (message.type() === 'error') troubles.push(message.text()); });
    context.on('weberror', (error) => { troubles.push(error.error().message); });

    const page = await bare.open({ worker, backend: 'auto' });
    const refused = await page.evaluate(() => {
      const caught: string[] = [];
      document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => caught.push(violatedDirective));
      (window as unknown as { caught: string[] }).caught = caught;
      return window.live.info().worker;
    });
    expect(refused).toBe(worker);
    const answer = await page.evaluate(async () => {
      await window.live.settled();
      await window.live.observe({ type: 'purchase', itemId: window.ids[3]! });
      const { items } = await window.live.recommend({ count: 5, diversity: 0.5 });
      await window.live.bestTime();
      return { count: items.length, reasons: items.every(({ reasons }) => reasons.length > 0), caught: (window as unknown as { caught: string[] }).caught };
    });
    expect(answer).toEqual({ count: 5, reasons: true, caught: [] });
    // A missing icon is the browser's own request, and no part of it.
    expect(troubles.filter((text) => !text.includes('favicon'))).toEqual([]);

    // The policy does bite: nothing here could have used eval, or a worker made of a blob.
    await page.evaluate(() => {
      const blocked: string[] = [];
      // Not in this task, which the test's own tools may run by eval.
      setTimeout(() => { try { new Function('return 1')(); } catch (error) { blocked.push((error as Error).name); } });
      new Worker(URL.createObjectURL(new Blob(['']))).onerror = () => blocked.push('blob');
      (window as unknown as { blocked: string[] }).blocked = blocked;
    });
    await expect.poll(() => page.evaluate(() => (window as unknown as { blocked: string[] }).blocked.sort())).toEqual(['EvalError', 'blob']);
  });
}
