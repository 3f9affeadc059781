// The profile in the browser's own IndexedDB: pages that die, pages that write at once, a disk that is full, a record that is damaged.
import { expect, missing, test } from './support/bare.ts';

/** How often the page is killed; KILLS sets another number. */
const KILLS = Number(process.env.KILLS ?? 25);

test('what a page that was killed had acknowledged is there when it is opened anew', async ({ bare, context }) => {
  test.setTimeout(60_000 + KILLS * 2_000);
  let acknowledged: number[] = [];
  let midway = 0;
  await context.exposeFunction('acknowledge', (item: number) => { acknowledged.push(item); });
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const page = await bare.open();
    expect(await page.evaluate(() => window.problems)).toEqual([]);
    expect(await missing(page, acknowledged), `lost at kill ${kill}`).toEqual([]);
    const room = await page.evaluate(() => window.ids.length);
    if (next > Math.min(room, 1_500) - 200) {
      await page.evaluate(() => window.live.forget());
      [acknowledged, next] = [[], 0];
    }
    const before = acknowledged.length;
    await page.evaluate((first) => {
      let item = first;
      const told = (window as unknown as { acknowledge: (item: number) => void }).acknowledge;
      const work = (): void => {
        const own = item++;
        void window.live.observe({ type: 'purchase', itemId: window.ids[own]! }).then(() => { told(own); });
        setTimeout(work, Math.random() * 4);
      };
      work();
    }, next);
    await expect.poll(() => acknowledged.length, { intervals: [5] }).toBeGreaterThan(before);
    await new Promise((wait) => setTimeout(wait, Math.random() * 25));
    const died = page.waitForEvent('crash');
    const devtools = await context.newCDPSession(page);
    devtools.send('Page.crash').catch(() => undefined); // answers no more
    await died;
    await page.close();
    next = Math.max(...acknowledged) + 100; // past those that were on their way
    midway += acknowledged.length - before;
  }
  console.log(`${KILLS} kills, ${midway} events acknowledged, none lost`);
});

test('eight tabs that write at once lose nothing, and each comes to know it all', async ({ bare }) => {
  const tabs = [];
  for (let tab = 0; tab < 8; tab++) tabs.push(await bare.open());
  await Promise.all(tabs.map((tab, which) => tab.evaluate(async (first) => {
    const written = [];
    for (let item = first; item < first + 25; item++) {
      written.push(window.live.observe({ type: 'purchase', itemId: window.ids[item]! }));
      await new Promise((wait) => setTimeout(wait, Math.random() * 5));
    }
    await Promise.all(written);
  }, which * 25)));
  const all = Array.from({ length: 200 }, (_, item) => item);
  expect(await missing(await bare.open(), all)).toEqual([]);
  for (const tab of tabs) {
    await expect.poll(() => missing(tab, all)).toEqual([]);
    expect(await tab.evaluate(() => window.problems)).toEqual([]);
  }

  await tabs[0]!.evaluate(() => window.live.forget());
  for (const tab of tabs) await expect.poll(() => missing(tab, all).then(({ length }) => length)).toBe(200);
});

test('profiles of several names are apart', async ({ bare }) => {
  const [one, other] = [await bare.open({ profile: 'one' }), await bare.open({ profile: 'other' })];
  await one.evaluate(() => window.live.observe({ type: 'purchase', itemId: window.ids[7]! }));
  expect(await missing(await bare.open({ profile: 'one' }), [7])).toEqual([]);
  expect(await missing(other, [7])).toEqual([7]);
  expect(await missing(await bare.open({ profile: 'other' }), [7])).toEqual([7]);
});

test('a full disk is told to whoever stores, and what was not stored is stored once there is room', async ({ bare, context, address }) => {
  const page = await bare.open();
  const buy = (item: number) => page.evaluate(
    (own) => window.live.observe({ type: 'purchase', itemId: window.ids[own]! }).then(() => 'stored', ({ code }: { code: string }) => code), item,
  );
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: address, quotaSize: 1 });
  expect(await buy(1)).toBe('storage_full');
  expect(await missing(page, [1])).toEqual([]);
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: address });
  expect(await buy(2)).toBe('stored');
  expect(await missing(await bare.open(), [1, 2])).toEqual([]);
});

test('a damaged record is set aside and told of, and the page starts anew', async ({ bare }) => {
  const page = await bare.open();
  await page.evaluate(() => window.live.observe({ type: 'purchase', itemId: window.ids[1]! }));
  const records = (store: string) => page.evaluate((name) => new Promise<unknown[]>((done, fail) => {
    const opening = indexedDB.open('proclivity');
    opening.onerror = () => { fail(new Error('the database cannot be opened')); };
    opening.onsuccess = () => {
      const asked = opening.result.transaction(name, 'readwrite').objectStore(name);
      if (name === 'profiles') asked.put({ revision: 'torn', state: { version: 1, events: [{ type: 'purch' }] } }, 'default');
      const all = asked.getAll();
      all.onsuccess = () => { opening.result.close(); done(all.result); };
    };
  }), store);
  await records('profiles');
  const anew = await bare.open();
  expect(await anew.evaluate(() => window.problems)).toEqual([expect.stringMatching(/^storage_damaged: .*set aside/)]);
  expect(await missing(anew, [1])).toEqual([1]);
  expect(await records('unreadable')).toMatchObject([{ profile: 'default', record: { revision: 'torn' } }]);
  await anew.evaluate(() => window.live.forget());
  expect(await records('unreadable')).toEqual([]);
});

for (const worker of [false, true]) {
  test(`nothing is requested after the load, whatever the profile goes through, ${worker ? 'in a worker' : 'in the page'}`, async ({ bare, context }) => {
    const page = await bare.open({ worker });
    await page.evaluate(() => window.live.settled());
    const requests: string[] = [];
    context.on('request', (request) => { requests.push(request.url()); });
    const shown = await page.evaluate(async () => {
      const { live, ids } = window;
      await live.observe({ type: 'purchase', itemId: ids[1]!, context: { placement: 'cart' } });
      const { recommId } = await live.recommend({ trace: true, diversity: 0.5 });
      const { items } = await live.next(recommId, 3);
      await live.similar(ids[2]!);
      await live.onboarding();
      await live.history();
      await live.pushed({ channel: 'mail', opened: true });
      await live.bestTime();
      await live.retract({ type: 'purchase', itemId: ids[1]! });
      await live.import(await live.export());
      await live.forget();
      return items.length;
    });
    expect(shown).toBe(3);
    expect(requests).toEqual([]);
  });
}
