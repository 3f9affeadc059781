import { palettes, type Palette } from './palette.ts';

/** What a product's tile shows: a drawing, and the colours it stands in. */
export interface Look {
  glyph: string;
  palette: Palette;
}

/** The first rule whose pattern is found in "category / department / title" wins: fine before coarse. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^apples/i, 'apple'], [/^pears/i, 'pear'], [/banana/i, 'banana'], [/avocado/i, 'avocado'],
  [/^tropical/i, 'pineapple'], [/^citrus/i, 'citrus'], [/^berries/i, 'berry'],
  [/^grapes/i, 'grapes'], [/^melons|^cut fruit/i, 'melon'], [/^stone fruit/i, 'apple'], [/^carrots/i, 'carrot'],
  [/^broccoli|^cut vegetables|^fresh vegetables/i, 'broccoli'], [/^tomatoes/i, 'tomato'], [/^peppers/i, 'pepper'],
  [/^onions/i, 'onion'], [/^(frozen )?potatoes/i, 'potato'], [/^corn\b/i, 'corn'], [/^mushrooms/i, 'mushroom'],
  [/^squash/i, 'squash'], [/^herbs/i, 'herb'], [/^popcorn/i, 'popcorn'], [/salad bar|deli salads/i, 'salad'],
  [/^(snack )?nuts/i, 'nut'], [/^salad (mix|vegetables)|^organic/i, 'greens'],

  [/pizza/i, 'pizza'], [/ice cream/i, 'icecream'], [/frozen treats|novelties/i, 'popsicle'], [/frozen pies/i, 'pie'],
  [/shrimp/i, 'shrimp'], [/frozen seafood/i, 'fish'], [/frozen meat/i, 'steak'], [/^frozen|^ice\b/i, 'frozen'],

  [/^canned/i, 'can'], [/^seafood sauces/i, 'bottle'], [/seafood|fish/i, 'fish'], [/bacon/i, 'bacon'],
  [/sausage|hot dogs/i, 'sausage'], [/deli meats|lunchmeat|smoked|pork|heat & serve/i, 'ham'],
  [/chicken|turkey|poultry/i, 'drumstick'], [/sandwich|prepared food|party trays|sushi|quick service/i, 'sandwich'],
  [/beef|^packaged meat/i, 'steak'],

  [/sour cream|yogurt|refrigerated foods/i, 'yogurt'], [/cheese/i, 'cheese'], [/^milk/i, 'milk'], [/^eggs/i, 'eggs'],
  [/^(butter|margarines?)\b/i, 'butter'],

  [/breakfast sweets|sweet goods/i, 'donut'], [/^cakes/i, 'cake'], [/^pies/i, 'pie'], [/cookies/i, 'cookie'],
  [/^rolls|dough/i, 'bun'], [/bread/i, 'bread'], [/crackers|rice cakes/i, 'cracker'],
  [/breakfast bars|cereal\/|cold cereal/i, 'cereal'], [/hot cereal/i, 'bowl'], [/candy/i, 'candy'], [/snacks/i, 'chips'],

  [/cat food|dog food|cat litter/i, 'paw'], [/pasta sauce|pickles|peanut butter|olives|syrup/i, 'jar'],
  [/pasta|noodles/i, 'pasta'], [/flour|sugar|rice/i, 'sack'], [/spices/i, 'spice'], [/hispanic/i, 'taco'], [/soup/i, 'bowl'],
  [/sauce & gravy|dinner|baking|dessert mixes|cocoa/i, 'box'], [/condiments|dressing|\boil\b/i, 'bottle'],

  [/coffee filters|foil|cookware/i, 'foil'], [/coffee|^tea\b/i, 'coffee'], [/wine|liquor/i, 'wine'], [/beer/i, 'beer'],
  [/soft drinks/i, 'soda'], [/water|sports drinks/i, 'water'], [/juice|drink|beverage/i, 'juice'],

  [/toilet paper|paper towels/i, 'roll'], [/tissues/i, 'tissue'], [/tableware|housewares/i, 'cup'], [/wraps & trash/i, 'bag'],
  [/laundry|bleach|dish soap/i, 'jug'], [/cleaning|^air care|insecticide|deodorants/i, 'spray'], [/brooms/i, 'broom'],
  [/charcoal|propane|tobacco|cigarettes/i, 'flame'], [/baby|infant|diapers/i, 'baby'], [/\boral/i, 'brush'],
  [/makeup|cosmetic/i, 'lipstick'], [/soap|hair|^bath|shaving|feminine|family/i, 'pump'],
  [/pain|cold & flu|antacids|vitamins|first aid|laxatives|sinus|diet|eye/i, 'pill'], [/batteries/i, 'battery'],
  [/bulbs/i, 'bulb'], [/cards/i, 'card'], [/magazine|newspaper/i, 'magazine'], [/stationery/i, 'pencil'],
  [/toys|easter|christmas|spring|balloons/i, 'toy'], [/gadgets|domestic|automotive|film|plastic/i, 'gadget'],

  [/floral|flowers|roses|garden/i, 'flower'], [/meat/i, 'steak'], [/deli/i, 'sandwich'], [/bakery/i, 'bun'],
  [/produce|natural/i, 'greens'],
];

const FALLBACK: Look = { glyph: 'box', palette: [185, 'teal', 'orange'] };

/** The drawing for a product, by its category, its department and, for a few, its title. */
export function lookOf(product: { category: string; department: string; title: string }): Look {
  const text = `${product.category} / ${product.department} / ${product.title}`;
  const glyph = RULES.find(([pattern]) => pattern.test(text))?.[1];
  const palette = glyph && palettes[glyph];
  return palette ? { glyph, palette } : FALLBACK;
}
