// The published types, as a strict consumer sees them.
import { ProclivityError, Recommender } from 'proclivity';
import type { CatalogueColumn, Info, Recommendation } from 'proclivity';

export async function use(signal: AbortSignal): Promise<string[]> {
  const recommender = await Recommender.load(fetch('/model.safetensors'), { worker: true, backend: 'auto', signal });
  try {
    const info: Info = recommender.info();
    await recommender.observe({ type: 'purchase', itemId: 'a' });
    const list: Recommendation = await recommender.recommend({ filter: { department: ['BAKERY'], price: { lte: 5 } }, explain: true });
    const column: CatalogueColumn | undefined = (await recommender.catalogue()).columns.department;
    const because = list.items.flatMap(({ reasons }) => reasons.flatMap((reason) => (reason.type === 'because_of' ? [reason.itemId] : [])));
    // @ts-expect-error -- an event type that does not exist
    await recommender.observe({ type: 'buy', itemId: 'a' });
    return [info.backend, column?.type ?? '', ...because];
  } catch (error) {
    return error instanceof ProclivityError ? [error.code] : [];
  }
}
