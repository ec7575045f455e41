/** What happens to the tables of the proof of change events, from a seed: SQL, and how rows look as events have them. */

/** Marks every personal value. */
export const CANARY = 'ZqCanary'
/** The rows that are written last. */
export const LAST_ID = 799_999_999
const FIRST_ID = 700_000_000

export const TABLES: string = `
create schema shop;
create table shop.customers (
  id int primary key, email text not null, name text, city text not null, at timestamptz not null, visits int not null,
  note text, doc jsonb, tags text[]
);
alter table shop.customers replica identity full;
alter table shop.customers alter note set storage external;
create table shop.orders (
  id int primary key, owner int not null, email text not null, opted_out boolean not null, at timestamptz not null,
  amount numeric(10, 2) not null, note text, kind text not null default '${CANARY}-default'
);
alter table shop.orders alter note set storage external;
`

/** Rows as JSON, as Debezium writes their columns. */
export const ROWS: Readonly<Record<'customers' | 'orders', string>> = {
  customers: `select row_to_json(t) from (select id, email, city, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, visits, note, doc::text as doc, tags from shop.customers) t;`,
  orders: `select row_to_json(t) from (select id, owner, email, opted_out, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, amount::text as amount, note from shop.orders) t;`,
}

/** Numbers from 0 to 1, the same for one seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

export class Workload {
  readonly #random: () => number
  readonly #customers = new Set<number>()
  readonly #orders = new Set<number>()
  #next = FIRST_ID
  #made = 0
  #hasPhone = false

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #any<T>(of: Iterable<T>): T | undefined {
    const all = [...of]
    return all[this.#below(all.length)]
  }

  #text(): string {
    return `${CANARY}${(this.#made++).toString(36)}`
  }

  /** Short, or long enough that it is stored apart and not logged with updates that leave it alone. */
  #note(): string {
    const long = (): string =>
      Array.from({ length: 400 }, () => this.#random().toString(36).slice(2, 10)).join('')
    return this.#below(3) === 0 ? `${this.#text()}${long()}` : this.#text()
  }

  #at(): string {
    return quoted(
      new Date(Date.UTC(2026, this.#below(10), 1 + this.#below(28), this.#below(24))).toISOString(),
    )
  }

  #customer(id: number): string {
    const doc = JSON.stringify({ label: this.#text(), more: [this.#text()] })
    const values = [
      ...[
        id,
        quoted(`${this.#text()}@x.example`),
        quoted(this.#text()),
        quoted(`Li${this.#text()}`),
        this.#at(),
      ],
      ...[
        this.#below(100),
        quoted(this.#note()),
        quoted(doc),
        `array[${quoted(this.#text())}, ${quoted(this.#text())}]`,
      ],
    ]
    this.#customers.add(id)
    return `insert into shop.customers (id, email, name, city, at, visits, note, doc, tags) values (${values.join(', ')});`
  }

  #order(id: number): string {
    const owner = this.#any(this.#customers) ?? FIRST_ID
    const values = [
      ...[id, owner, quoted(`${this.#text()}@x.example`), this.#below(4) === 0, this.#at()],
      ...[(this.#below(100_000) / 100).toFixed(2), quoted(this.#note()), quoted(this.#text())],
    ]
    this.#orders.add(id)
    return `insert into shop.orders (id, owner, email, opted_out, at, amount, note, kind) values (${values.join(', ')});`
  }

  /** Rows that stand there before the connectors start. */
  snapshot(count: number): string {
    return Array.from({ length: count }, (_, n) =>
      n % 3 === 2 ? this.#order(this.#next++) : this.#customer(this.#next++),
    ).join('\n')
  }

  /** Transactions, each of a few statements. */
  changes(count: number): string {
    return Array.from({ length: count }, () => {
      const statements = Array.from({ length: 1 + this.#below(4) }, () => this.#change())
      return `begin;\n${statements.join('\n')}\n${this.#below(12) === 0 ? 'rollback' : 'commit'};`
    }).join('\n')
  }

  #change(): string {
    const customer = this.#any(this.#customers)
    const order = this.#any(this.#orders)
    switch (this.#below(10)) {
      case 0:
      case 1:
        return this.#customer(this.#next++)
      case 2:
        return this.#order(this.#next++)
      case 3:
        if (customer === undefined) return this.#customer(this.#next++)
        this.#customers.delete(customer)
        return `delete from shop.customers where id = ${customer};`
      case 4: {
        if (order === undefined) return this.#order(this.#next++)
        this.#orders.delete(order)
        return `delete from shop.orders where id = ${order};`
      }
      case 5: {
        // A key that changes is a delete and an insert.
        const [from, to] = [this.#any([customer, order]), this.#next++]
        const isOrder = from !== undefined && this.#orders.has(from)
        if (from === undefined) return this.#customer(to)
        const keys = isOrder ? this.#orders : this.#customers
        keys.delete(from)
        keys.add(to)
        return `update shop.${isOrder ? 'orders' : 'customers'} set id = ${to} where id = ${from};`
      }
      case 6:
      case 7: {
        const phone = this.#hasPhone ? `, phone = ${quoted(this.#text())}` : ''
        return customer === undefined
          ? this.#customer(this.#next++)
          : `update shop.customers set visits = visits + 1, email = ${quoted(`${this.#text()}@x.example`)}${phone} where id = ${customer};`
      }
      case 8:
        return order === undefined
          ? this.#order(this.#next++)
          : `update shop.orders set amount = amount + 1, opted_out = ${this.#below(3) === 0} where id = ${order};`
      default:
        return customer === undefined
          ? this.#customer(this.#next++)
          : `update shop.customers set note = ${quoted(this.#note())} where id = ${customer};`
    }
  }

  /** A column of its own name appears, with a default. */
  newColumn(): string {
    this.#hasPhone = true
    return `alter table shop.customers add column phone text not null default '${this.#text()}';`
  }

  truncate(): string {
    this.#orders.clear()
    return 'truncate shop.orders;'
  }

  message(): string {
    return `select pg_logical_emit_message(true, '${this.#text()}', '${this.#text()}');`
  }

  last(): string {
    return `${this.#customer(LAST_ID)}\n${this.#order(LAST_ID)}`
  }
}
