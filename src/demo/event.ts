/** One customer event, nested as a shop would export it. */
import type { Faker } from '@faker-js/faker'
import type { Customer, Person } from './customers.ts'

export interface Event {
  readonly type: string
  /** RFC 3339, on the clock of the customer. */
  readonly occurred_at: string
  readonly customer: Customer
  readonly items?: readonly { readonly sku: string; readonly quantity: number; readonly price: number }[]
  /** Sum by currency (ISO 4217). */
  readonly prices?: Readonly<Record<string, number>>
  readonly payment?: { readonly card: string; readonly iban?: string }
  readonly device: { readonly ip: string; readonly user_agent: string }
  /** Degrees. */
  readonly geo?: { readonly lat: number; readonly lon: number }
  readonly page: string
  readonly tags: readonly string[]
  readonly notes?: string
}

const TYPES = ['page_view', 'page_view', 'search', 'add_to_cart', 'login', 'purchase', 'purchase']
const TAGS = ['mobile', 'newsletter', 'returning', 'gift', 'sale', 'b2b', 'app']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64)',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
]
const NOTES: readonly ((who: Customer) => string)[] = [
  (who) => `Asked to be called "${who.name}", not by first name.`,
  (who) => `Ring ${who.phone ?? 'nobody'},\nthen leave it with a neighbour`,
  (who) => `Moved to ${who.address.city}; write to ${who.email} 🙂`,
  () => 'gift wrap, no invoice',
]

/** An event of this person at `time` (ms since 1970-01-01T00:00Z). */
export function makeEvent(faker: Faker, { customer, region, card, iban }: Person, time: number): Event {
  const type = faker.helpers.arrayElement(TYPES)
  const sells = type === 'purchase' || type === 'add_to_cart'
  const price = () => faker.number.int({ min: 99, max: 19_999 }) / 100
  const sku = () => `SKU-${faker.string.numeric(5)}`
  const items = Array.from({ length: sells ? faker.number.int({ min: 1, max: 3 }) : 0 }, () => ({
    sku: sku(),
    quantity: faker.number.int({ min: 1, max: 4 }),
    price: price(),
  }))
  const near = (degrees: number) =>
    Math.round((degrees + faker.number.float({ min: -1, max: 1 })) * 1e5) / 1e5
  return {
    type,
    occurred_at: clock(time, region.offset),
    customer,
    ...(sells
      ? {
          items,
          prices: { [region.currency]: price(), [region.currency === 'EUR' ? 'USD' : 'EUR']: price() },
        }
      : {}),
    ...(type === 'purchase' ? { payment: { card, ...(iban === undefined ? {} : { iban }) } } : {}),
    device: { ip: address(faker), user_agent: faker.helpers.arrayElement(AGENTS) },
    ...(faker.datatype.boolean(0.7)
      ? { geo: { lat: near(region.latitude), lon: near(region.longitude) } }
      : {}),
    page: `https://shop.example/${region.country.toLowerCase()}/${sku()}?session=${faker.string.hexadecimal({ length: 8, casing: 'lower', prefix: '' })}`,
    tags: faker.helpers.arrayElements(TAGS, { min: 0, max: 2 }),
    ...(faker.datatype.boolean(0.2) ? { notes: faker.helpers.arrayElement(NOTES)(customer) } : {}),
  }
}

/** Addresses reserved for documentation: RFC 5737 and RFC 3849. */
function address(faker: Faker): string {
  if (faker.datatype.boolean(0.2))
    return `2001:db8:${faker.number.hex({ min: 1, max: 0xffff })}::${faker.number.hex({ min: 1, max: 0xffff })}`
  return `${faker.helpers.arrayElement(['192.0.2', '198.51.100', '203.0.113'])}.${faker.number.int({ min: 1, max: 254 })}`
}

/** RFC 3339 with milliseconds, as a clock at `offset` shows it. */
function clock(time: number, offset: string): string {
  if (offset === 'Z') return new Date(time).toISOString()
  const [hours, minutes] = offset.slice(1).split(':').map(Number)
  const ahead = (offset.startsWith('-') ? -1 : 1) * (hours! * 60 + minutes!) * 60_000
  return new Date(time + ahead).toISOString().replace('Z', offset)
}
