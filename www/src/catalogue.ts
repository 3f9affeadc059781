import type { Catalogue as Columns, CatalogueColumn } from 'proclivity';

export interface Product {
  id: string;
  title: string;
  department: string;
  category: string;
  /** Dollars; NaN or 0 where the catalogue has none. */
  price: number;
}

export interface Department {
  name: string;
  products: number;
  /** Categories with their number of products, largest first. */
  categories: readonly { name: string; products: number }[];
}

/** Departments that are no place to shop in. Their products are never shown. */
const NOT_FOR_SALE = new Set(['Fuel', 'Coupons', 'Coupon', 'Miscellaneous', 'Promotions', 'Chef Shop', 'Garden Center', 'Travel & Leisure']);
const NOT_FOR_SALE_CATEGORIES = new Set(['', 'Miscellaneous', 'Promotions', 'Coupons', 'Tickets', 'Prepaid Wireless', 'Photo Finishing']);

/** The model's catalogue as a shop sees it: products, departments, titles. */
export class ShopCatalogue {
  readonly products: readonly Product[];
  readonly departments: readonly Department[];
  readonly #byId: Map<string, Product>;

  constructor(columns: Columns) {
    const title = reader(columns, 'title');
    const department = reader(columns, 'department');
    const category = reader(columns, 'category');
    const price = columns.columns.price;
    const all = columns.ids.map((id, index): Product => ({
      id,
      title: title(index) || `Product ${id}`,
      department: department(index),
      category: category(index),
      price: price?.type === 'number' ? (price.values[index] ?? Number.NaN) : Number.NaN,
    }));
    this.#byId = new Map(all.map((product) => [product.id, product]));
    this.products = all.filter(isForSale);
    this.departments = group(this.products);
  }

  get(id: string): Product | undefined {
    return this.#byId.get(id);
  }

  title(id: string): string {
    return this.#byId.get(id)?.title ?? `product ${id}`;
  }

  department(name: string | null): Department | undefined {
    return this.departments.find((department) => department.name === name);
  }

  /** The filter that keeps recommendations to what is for sale: departments and categories, by name. */
  forSale(): Record<'department' | 'category', string[]> {
    const categories = new Set(this.departments.flatMap((one) => one.categories.map(({ name }) => name)));
    return { department: this.departments.map(({ name }) => name), category: [...categories] };
  }
}

function isForSale(product: Product): boolean {
  return !NOT_FOR_SALE.has(product.department) && !NOT_FOR_SALE_CATEGORIES.has(product.category) && product.price > 0;
}

/** Reads one column of names, text or category, by item index. */
function reader(columns: Columns, name: string): (index: number) => string {
  const column: CatalogueColumn | undefined = columns.columns[name];
  if (column?.type === 'text') return (index) => column.values[index] ?? '';
  if (column?.type === 'category') return (index) => column.values[column.codes[index] ?? -1] ?? '';
  return () => '';
}

function group(products: readonly Product[]): Department[] {
  const departments = new Map<string, Map<string, number>>();
  for (const { department, category } of products) {
    const categories = departments.get(department) ?? new Map<string, number>();
    categories.set(category, (categories.get(category) ?? 0) + 1);
    departments.set(department, categories);
  }
  return [...departments]
    .map(([name, categories]) => {
      const sorted = [...categories]
        .map(([category, count]) => ({ name: category, products: count }))
        .sort((a, b) => b.products - a.products);
      return { name, products: sorted.reduce((sum, one) => sum + one.products, 0), categories: sorted };
    })
    .sort((a, b) => b.products - a.products);
}
