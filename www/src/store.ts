import type { EventType, InteractionEvent } from 'proclivity';
import type { ShopCatalogue } from './catalogue.ts';
import type { Engine, ModelName } from './engine.ts';
import { eraseSaved, readSaved, writeSaved, type ShopEvent } from './profile-storage.ts';

export type Topic = 'cart' | 'profile' | 'bought';

/** What the visitor has done: the cart, and the events the recommender learnt from. */
export class Store {
  cart = new Map<string, number>();
  events: ShopEvent[] = [];
  readonly catalogue: ShopCatalogue;
  readonly #engine: Engine;
  readonly #listeners = new Map<Topic, Set<() => void>>();
  #latest: Promise<void> = Promise.resolve();

  constructor(engine: Engine, catalogue: ShopCatalogue) {
    this.#engine = engine;
    this.catalogue = catalogue;
  }

  on(topic: Topic, listener: () => void): void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
  }

  /** Takes up where the last visit ended. A profile of another model or version is dropped, with its events. */
  async restore(): Promise<void> {
    const saved = readSaved();
    const known = ([id]: [string, number]) => this.catalogue.get(id) !== undefined;
    this.cart = new Map(saved.cart.filter(known));
    if (!saved.profile) return;
    try {
      await this.#engine.importProfile(saved.profile);
      this.events = saved.events;
    } catch {
      await this.#engine.forget();
    }
  }

  async view(itemId: string): Promise<void> {
    await this.#observe('view', itemId);
  }

  async add(itemId: string): Promise<void> {
    this.cart.set(itemId, (this.cart.get(itemId) ?? 0) + 1);
    this.#emit('cart');
    if (this.cart.get(itemId) === 1) await this.#observe('cart', itemId);
    else await this.#save();
  }

  /** Sets how many are in the cart; 0 takes the product out, and unlearns that it was put in. */
  async setQuantity(itemId: string, quantity: number): Promise<void> {
    if (quantity > 0) this.cart.set(itemId, quantity);
    else this.cart.delete(itemId);
    this.#emit('cart');
    if (quantity > 0) await this.#save();
    else await this.#inTurn(() => this.#forgetCart(itemId));
  }

  /** Buys all that is in the cart: one purchase event a product, its value the units. What is added meanwhile stays. */
  buy(): Promise<void> {
    return this.#inTurn(async () => {
      const lines = [...this.cart];
      const timestamp = Date.now();
      for (const [itemId, quantity] of lines) await this.#learn({ type: 'purchase', itemId, value: quantity, timestamp });
      for (const [itemId, quantity] of lines) {
        const left = (this.cart.get(itemId) ?? 0) - quantity;
        if (left > 0) this.cart.set(itemId, left);
        else this.cart.delete(itemId);
      }
      this.#emit('cart');
      await this.#changed();
      this.#emit('bought');
    });
  }

  /** Sets or takes back one of the two opinions a card offers. */
  async toggle(type: 'bookmark' | 'dislike', itemId: string): Promise<void> {
    const last = this.events.findLastIndex((event) => event.type === type && event.itemId === itemId);
    if (last >= 0) await this.forgetEvent(last);
    else await this.#observe(type, itemId);
  }

  has(type: EventType, itemId: string): boolean {
    return this.events.some((event) => event.type === type && event.itemId === itemId);
  }

  /** Unlearns one event: the profile is made again from all the others. */
  async forgetEvent(index: number): Promise<void> {
    const event = this.events[index];
    await this.#inTurn(() => this.#unlearn(event));
  }

  /** Lets another model rank, after the changes of the profile that were asked for before it. */
  useModel(model: ModelName): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.useModel(model);
      this.#emit('profile');
    });
  }

  /** Forgets everything, here and in storage. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.forget();
      this.events = [];
      this.cart.clear();
      eraseSaved();
      this.#emit('cart');
      this.#emit('profile');
    });
  }

  #observe(type: EventType, itemId: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#learn({ type, itemId, timestamp: Date.now() });
      await this.#changed();
    });
  }

  /** Unlearns the latest `cart` event of a product, unless a purchase followed: that one led somewhere. */
  async #forgetCart(itemId: string): Promise<void> {
    const latest = this.events.findLast((event) => event.itemId === itemId && (event.type === 'cart' || event.type === 'purchase'));
    if (latest?.type === 'cart') await this.#unlearn(latest);
    else await this.#save();
  }

  async #unlearn(unwanted: ShopEvent | undefined): Promise<void> {
    const rest = this.events.filter((event) => event !== unwanted);
    await this.#engine.forget();
    this.events = [];
    for (const event of rest) await this.#learn(event);
    await this.#changed();
  }

  /** Changes of the profile run one after another: each takes several steps, and none may fall between another's. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#latest.then(change);
    this.#latest = turn.catch(() => undefined); // who asked hears of it; the next change goes on
    return turn;
  }

  async #learn(event: InteractionEvent & ShopEvent): Promise<void> {
    await this.#engine.observe(event);
    this.events.push(event);
  }

  async #changed(): Promise<void> {
    this.#emit('profile');
    await this.#save();
  }

  async #save(): Promise<void> {
    writeSaved({ profile: await this.#engine.exportProfile(), events: this.events, cart: [...this.cart] });
  }

  #emit(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
