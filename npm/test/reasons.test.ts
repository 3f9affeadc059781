// Reasons in words, in every language.

import { describe, expect, it } from 'vitest';
import { describeReason, type ReasonLanguage } from '../src/reasons.js';
import type { EventType, Reason } from '../src/index.js';

const LANGUAGES: readonly ReasonLanguage[] = ['en', 'zh', 'de', 'fr', 'es'];
const EVENTS: readonly EventType[] = ['view', 'click', 'cart', 'purchase', 'bookmark', 'rating', 'portion', 'impression', 'dislike'];

const because = (event: EventType): Reason => ({ type: 'because_of', itemId: 'sku-1', event, weight: 0.4 });
const name = (itemId: string): string => (itemId === 'sku-1' ? 'Rye bread' : itemId);

describe('describeReason', () => {
  it('names the item, and what the user did', () => {
    expect(describeReason(because('purchase'), { name })).toBe('Because you bought Rye bread');
    expect(describeReason(because('view'))).toBe('Because you viewed sku-1');
    expect(describeReason(because('cart'), { locale: 'de-AT', name })).toBe('Weil Sie Rye bread in den Warenkorb gelegt haben');
    expect(describeReason(because('bookmark'), { locale: 'zh_CN', name })).toBe('因为您收藏了Rye bread');
  });

  it('tells tastes, popularity and rules', () => {
    const taste: Reason = { type: 'taste', column: 'department', value: 'Produce', weight: 0.7 };
    expect(describeReason(taste, { locale: 'fr' })).toBe('Vous choisissez souvent Produce');
    expect(describeReason({ type: 'popular' }, { locale: 'es' })).toBe('Popular');
    expect(describeReason({ type: 'promoted', rule: 0 })).toBe('Picked by the shop');
  });

  it('counts purchases and days as the language does', () => {
    const again = (times: number, daysSince: number): Reason => ({ type: 'buy_again', times, daysSince, rhythmDays: null });
    expect(describeReason(again(1, 1.2))).toBe('Bought once, last yesterday');
    expect(describeReason(again(3, 12))).toBe('Bought 3 times, last 12 days ago');
    expect(describeReason(again(1, 12), { locale: 'de' })).toBe('Einmal gekauft, zuletzt vor 12 Tagen');
    expect(describeReason(again(4, 12), { locale: 'fr' })).toBe('Acheté 4 fois, dernier achat il y a 12 jours');
  });

  it('has a text of its own for every reason in every language, and English for the rest', () => {
    const told = LANGUAGES.map((locale) => EVENTS.map((event) => describeReason(because(event), { locale, name })));
    for (const texts of told) expect(texts.every((text) => text.includes('Rye bread') && text.length < 60)).toBe(true);
    expect(new Set(told.flat().slice(0)).size).toBe(LANGUAGES.length * 7);
    expect(describeReason({ type: 'popular' }, { locale: 'tlh' })).toBe('Popular');
    expect(describeReason({ type: 'popular' }, { locale: 'constructor' })).toBe('Popular');
  });
});
