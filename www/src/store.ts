import type { EventType, InteractionEvent, ProfileState } from 'proclivity';
import type { Interest } from 'proclivity/interests';
import type { ShopCatalogue } from './catalogue.ts';
import type { Engine, ModelName } from './engine.ts';
import { eraseSaved, readSaved, whenSavedElsewhere, writeSaved } from './cart-storage.ts';

export type Topic = 'cart' | 'profile' | 'bought';

/** How the visitor wants the shelf, 0 to 1 each. */
export interface Wishes {
  /** How unlike each other the products are. */
  diversity: number;
  /** How little known they are. */
  novelty: number;
}

/** What the visitor has done: the cart, and the events the recommender learnt from, which keeps them. */
export class Store {
  cart = new Map<string, number>();
  /** As the recommender has them, oldest first. */
  events: readonly InteractionEvent[] = [];
  wishes: Wishes = { diversity: 0, novelty: 0 };
  readonly catalogue: ShopCatalogue;
  readonly #engine: Engine;
  readonly #listeners = new Map<Topic, Set<() => void>>();
  #latest: Promise<void> = Promise.resolve();
  /** Changes of this page under way; what another page did is heard of between them. */
  #turns = 0;

  constructor(engine: Engine, catalogue: ShopCatalogue) {
    this.#engine = engine;
    this.catalogue = catalogue;
    engine.onLearn(() => {
      if (this.#turns === 0) void this.#inTurn(() => this.#changed());
    });
  }

  on(topic: Topic, listener: () => void): void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
  }

  /** Takes up where the last visit ended. */
  async restore(): Promise<void> {
    this.#restoreCart();
    whenSavedElsewhere(() => {
      this.#restoreCart();
      this.#emit('cart');
    });
    this.events = await this.#engine.events();
  }

  /** Changes how the visitor wants the shelf. */
  wish(wishes: Partial<Wishes>): void {
    this.wishes = { ...this.wishes, ...wishes };
    this.#emit('profile');
  }

  async view(itemId: string): Promise<void> {
    await this.#observe('view', itemId);
  }

  async add(itemId: string): Promise<void> {
    this.cart.set(itemId, (this.cart.get(itemId) ?? 0) + 1);
    this.#emit('cart');
    if (this.cart.get(itemId) === 1) await this.#observe('cart', itemId);
    else this.#save();
  }

  /** Sets how many are in the cart; 0 takes the product out, and unlearns that it was put in. */
  async setQuantity(itemId: string, quantity: number): Promise<void> {
    if (quantity > 0) this.cart.set(itemId, quantity);
    else this.cart.delete(itemId);
    this.#emit('cart');
    if (quantity > 0) this.#save();
    else await this.#inTurn(() => this.#forgetCart(itemId));
  }

  /** Buys all that is in the cart: one purchase event a product, its value the units. What is added meanwhile stays. */
  buy(): Promise<void> {
    return this.#inTurn(async () => {
      const lines = [...this.cart];
      const timestamp = Date.now();
      await Promise.all(lines.map(([itemId, quantity]) => this.#engine.observe({ type: 'purchase', itemId, value: quantity, timestamp })));
      for (const [itemId, quantity] of lines) {
        const left = (this.cart.get(itemId) ?? 0) - quantity;
        if (left > 0) this.cart.set(itemId, left);
        else this.cart.delete(itemId);
      }
      this.#save();
      this.#emit('cart');
      await this.#changed();
      this.#emit('bought');
    });
  }

  /** Has or takes back one of the two opinions a card offers. */
  opine(type: 'bookmark' | 'dislike', itemId: string, wanted: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.events.findLast((event) => event.type === type && event.itemId === itemId);
      if (wanted && last === undefined) await this.#engine.observe({ type, itemId, timestamp: Date.now() });
      if (wanted) await this.#changed();
      else await this.#unlearn(last);
    });
  }

  has(type: EventType, itemId: string): boolean {
    return this.events.some((event) => event.type === type && event.itemId === itemId);
  }

  /** Unlearns one event. */
  async forgetEvent(index: number): Promise<void> {
    const event = this.events[index];
    await this.#inTurn(() => this.#unlearn(event));
  }

  /** What the device believes its owner cares for, by department. */
  interests(): Promise<Interest[]> {
    return this.#engine.interests('department');
  }

  /** Unlearns all that was done with these products. */
  forgetItems(itemIds: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const unwanted = this.events.filter(({ itemId }) => itemIds.includes(itemId));
      for (const event of unwanted) await this.#engine.retract(event);
      await this.#changed();
    });
  }

  /** The profile, to be taken along. */
  carryOut(): Promise<ProfileState> {
    return this.#engine.export();
  }

  /** Goes on with a profile that was taken along. */
  carryIn(state: ProfileState): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.import(state);
      await this.#changed();
    });
  }

  /** Lets another model rank, after the changes of the profile that were asked for before it. */
  useModel(model: ModelName): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.useModel(model);
      await this.#changed();
    });
  }

  /** Forgets everything, here and in storage. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.forget();
      this.cart.clear();
      eraseSaved();
      this.#emit('cart');
      await this.#changed();
    });
  }

  #observe(type: EventType, itemId: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#engine.observe({ type, itemId, timestamp: Date.now() });
      this.#save();
      await this.#changed();
    });
  }

  /** Unlearns the latest `cart` event of a product, unless a purchase followed: that one led somewhere. */
  async #forgetCart(itemId: string): Promise<void> {
    this.#save();
    const latest = this.events.findLast((event) => event.itemId === itemId && (event.type === 'cart' || event.type === 'purchase'));
    if (latest?.type === 'cart') await this.#unlearn(latest);
  }

  async #unlearn(unwanted: InteractionEvent | undefined): Promise<void> {
    if (unwanted !== undefined) await this.#engine.retract(unwanted);
    await this.#changed();
  }

  /** Changes of the profile run one after another: each takes several steps, and none may fall between another's. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    this.#turns += 1;
    const turn = this.#latest.then(change).finally(() => { this.#turns -= 1; });
    this.#latest = turn.catch(() => undefined); // who asked hears of it; the next change goes on
    return turn;
  }

  async #changed(): Promise<void> {
    this.events = await this.#engine.events();
    this.#emit('profile');
  }

  #restoreCart(): void {
    this.cart = new Map(readSaved().cart.filter(([id]) => this.catalogue.get(id) !== undefined));
  }

  #save(): void {
    writeSaved({ cart: [...this.cart] });
  }

  #emit(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }
}
