import type { EventType, Reason } from './types.js';

/** Languages that reasons are told in. */
export type ReasonLanguage = 'en' | 'zh' | 'de' | 'fr' | 'es';

/** Options of {@link describeReason}. */
export interface DescribeOptions {
  /** A language tag, such as `de` or `zh-CN`; English where its language is not among {@link ReasonLanguage}. Default `'en'`. */
  locale?: string | undefined;
  /** What an item is called. Default: its id. */
  name?: ((itemId: string) => string) | undefined;
}

interface Texts {
  /** Because the user did that to the item; `click` for what has no text of its own. */
  becauseOf: Partial<Record<EventType, (item: string) => string>> & { click: (item: string) => string };
  taste: (value: string) => string;
  popular: string;
  promoted: string;
  /** How often it was bought, and when last, as in "3 days ago". */
  buyAgain: (times: number, last: string) => string;
}

const TEXTS: Record<ReasonLanguage, Texts> = {
  en: {
    becauseOf: {
      purchase: (item) => `Because you bought ${item}`,
      cart: (item) => `Because you added ${item} to your cart`,
      bookmark: (item) => `Because you saved ${item}`,
      rating: (item) => `Because you rated ${item} highly`,
      view: (item) => `Because you viewed ${item}`,
      portion: (item) => `Because you spent time with ${item}`,
      click: (item) => `Because you looked at ${item}`,
    },
    taste: (value) => `You often choose ${value}`,
    popular: 'Popular',
    promoted: 'Picked by the shop',
    buyAgain: (times, last) => `${times === 1 ? 'Bought once' : `Bought ${times} times`}, last ${last}`,
  },
  zh: {
    becauseOf: {
      purchase: (item) => `因为您购买了${item}`,
      cart: (item) => `因为您将${item}加入了购物车`,
      bookmark: (item) => `因为您收藏了${item}`,
      rating: (item) => `因为您给${item}打了高分`,
      view: (item) => `因为您浏览了${item}`,
      portion: (item) => `因为您看过${item}`,
      click: (item) => `因为您点击了${item}`,
    },
    taste: (value) => `您常选择${value}`,
    popular: '热门',
    promoted: '店铺推荐',
    buyAgain: (times, last) => `买过${times}次，最近一次：${last}`,
  },
  de: {
    becauseOf: {
      purchase: (item) => `Weil Sie ${item} gekauft haben`,
      cart: (item) => `Weil Sie ${item} in den Warenkorb gelegt haben`,
      bookmark: (item) => `Weil Sie sich ${item} gemerkt haben`,
      rating: (item) => `Weil Sie ${item} gut bewertet haben`,
      view: (item) => `Weil Sie ${item} angesehen haben`,
      portion: (item) => `Weil Sie sich Zeit für ${item} genommen haben`,
      click: (item) => `Weil Sie ${item} angeklickt haben`,
    },
    taste: (value) => `Sie wählen oft ${value}`,
    popular: 'Beliebt',
    promoted: 'Vom Shop ausgewählt',
    buyAgain: (times, last) => `${times === 1 ? 'Einmal' : `${times}-mal`} gekauft, zuletzt ${last}`,
  },
  fr: {
    becauseOf: {
      purchase: (item) => `Parce que vous avez acheté ${item}`,
      cart: (item) => `Parce que vous avez mis ${item} au panier`,
      bookmark: (item) => `Parce que vous avez enregistré ${item}`,
      rating: (item) => `Parce que vous avez bien noté ${item}`,
      view: (item) => `Parce que vous avez consulté ${item}`,
      portion: (item) => `Parce que vous avez passé du temps sur ${item}`,
      click: (item) => `Parce que vous avez cliqué sur ${item}`,
    },
    taste: (value) => `Vous choisissez souvent ${value}`,
    popular: 'Populaire',
    promoted: 'Choisi par la boutique',
    buyAgain: (times, last) => `Acheté ${times === 1 ? 'une fois' : `${times} fois`}, dernier achat ${last}`,
  },
  es: {
    becauseOf: {
      purchase: (item) => `Porque compró ${item}`,
      cart: (item) => `Porque añadió ${item} al carrito`,
      bookmark: (item) => `Porque guardó ${item}`,
      rating: (item) => `Porque valoró bien ${item}`,
      view: (item) => `Porque vio ${item}`,
      portion: (item) => `Porque dedicó tiempo a ${item}`,
      click: (item) => `Porque hizo clic en ${item}`,
    },
    taste: (value) => `Suele elegir ${value}`,
    popular: 'Popular',
    promoted: 'Elegido por la tienda',
    buyAgain: (times, last) => `Comprado ${times === 1 ? 'una vez' : `${times} veces`}, la última ${last}`,
  },
};

/**
 * A reason as a short text.
 *
 * @example
 * ```ts
 * describeReason(item.reasons[0], { locale: navigator.language, name: (id) => titles.get(id) ?? id });
 * ```
 */
export function describeReason(reason: Reason, { locale = 'en', name = (itemId) => itemId }: DescribeOptions = {}): string {
  const language = locale.toLowerCase().split(/[-_]/)[0] ?? 'en';
  const known = Object.hasOwn(TEXTS, language) ? (language as ReasonLanguage) : 'en';
  const texts = TEXTS[known];
  switch (reason.type) {
    case 'because_of':
      return (texts.becauseOf[reason.event] ?? texts.becauseOf.click)(name(reason.itemId));
    case 'taste':
      return texts.taste(reason.value);
    case 'popular':
      return texts.popular;
    case 'promoted':
      return texts.promoted;
    case 'buy_again': {
      const last = new Intl.RelativeTimeFormat(known, { numeric: 'auto' }).format(-Math.round(reason.daysSince), 'day');
      return texts.buyAgain(reason.times, last);
    }
  }
}
