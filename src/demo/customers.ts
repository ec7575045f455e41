/** Made-up customers of many regions and scripts. None is real: addresses of mail and hosts are reserved ones. */
import type { Faker } from '@faker-js/faker'

export interface Customer {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly birth_date: string
  readonly postcode: string
  readonly country: string
  readonly address: { readonly street: string; readonly city: string }
}

/** A customer, and what of their events follows from where and who they are. */
export interface Person {
  readonly customer: Customer
  readonly region: Region
  readonly card: string
  readonly iban: string | undefined
}

export interface Region {
  /** A locale of @faker-js/faker. */
  readonly locale: string
  /** ISO 3166-1. */
  readonly country: string
  /** ISO 4217. */
  readonly currency: string
  /** Offset from UTC as RFC 3339 writes it; the same all year here. */
  readonly offset: string
  /** Degrees of a place that events happen around. */
  readonly latitude: number
  readonly longitude: number
  /** Whether mail addresses can be made out of the names. */
  readonly mailable: boolean
}

const region = (
  locale: string,
  country: string,
  currency: string,
  offset: string,
  latitude: number,
  longitude: number,
  mailable: boolean,
): Region => ({ locale, country, currency, offset, latitude, longitude, mailable })

const REGIONS: readonly Region[] = [
  region('en_US', 'US', 'USD', '-05:00', 40.71, -74.01, true),
  region('en_GB', 'GB', 'GBP', 'Z', 51.51, -0.13, true),
  region('de', 'DE', 'EUR', '+01:00', 52.52, 13.4, true),
  region('fr', 'FR', 'EUR', '+01:00', 45.76, 4.84, true),
  region('pl', 'PL', 'PLN', '+01:00', 51.77, 19.46, true),
  region('el', 'GR', 'EUR', '+02:00', 37.98, 23.73, true),
  region('tr', 'TR', 'TRY', '+03:00', 41.01, 28.98, true),
  region('ru', 'RU', 'RUB', '+03:00', 59.94, 30.31, true),
  region('he', 'IL', 'ILS', '+02:00', 32.09, 34.78, true),
  region('ar', 'EG', 'EGP', '+02:00', 30.04, 31.24, true),
  region('en_IN', 'IN', 'INR', '+05:30', 18.52, 73.86, true),
  // Names in Devanagari; faker has no Hindi.
  region('ne', 'NP', 'NPR', '+05:45', 27.72, 85.32, false),
  region('vi', 'VN', 'VND', '+07:00', 10.82, 106.63, true),
  region('zh_CN', 'CN', 'CNY', '+08:00', 31.23, 121.47, false),
  region('ko', 'KR', 'KRW', '+09:00', 37.57, 126.98, false),
  region('ja', 'JP', 'JPY', '+09:00', 35.44, 139.64, false),
  region('pt_BR', 'BR', 'BRL', '-03:00', -8.05, -34.88, true),
]

/** The countries of `REGIONS` whose IBAN faker writes. */
const IBAN = new Set(['DE', 'FR', 'GB', 'PL', 'GR', 'TR', 'IL', 'BR'])
const CARDS = ['visa', 'mastercard', 'american_express']
const DAY_MS = 86_400_000

export interface Fakers {
  /** One for each of `REGIONS`, in their order. */
  readonly regional: readonly Faker[]
  /** English: for what is the same everywhere. */
  readonly plain: Faker
}

/**
 * Loads the locales, and only these: a tenth of a second where all of faker takes three times as long. They are
 * the module's own instances, seeded anew on each call.
 */
export async function loadFakers(seed: number, asOf: Date): Promise<Fakers> {
  const load = async (locale: string, index: number): Promise<Faker> => {
    const { faker } = (await import(`@faker-js/faker/locale/${locale}`)) as { faker: Faker }
    faker.seed([seed, index])
    // Else some of its dates and numbers follow the clock.
    faker.setDefaultRefDate(asOf)
    return faker
  }
  const [plain, ...regional] = await Promise.all(['en', ...REGIONS.map((each) => each.locale)].map(load))
  return { plain: plain!, regional }
}

/** Person number `index` of the data set; regions take turns. */
export function person(fakers: Fakers, index: number, asOf: Date): Person {
  const at = index % REGIONS.length
  const region = REGIONS[at]!
  const faker = fakers.regional[at]!
  const firstName = faker.person.firstName()
  const lastName = faker.person.lastName()
  const age = faker.number.int({ min: 18 * 365, max: 96 * 365 })
  return {
    region,
    card: faker.finance.creditCardNumber({ issuer: faker.helpers.arrayElement(CARDS) }),
    iban: IBAN.has(region.country) ? faker.finance.iban({ countryCode: region.country }) : undefined,
    customer: {
      id: `C-${100_000 + index}`,
      name: faker.person.fullName({ firstName, lastName }),
      email: region.mailable
        ? faker.internet.exampleEmail({ firstName, lastName })
        : fakers.plain.internet.exampleEmail(),
      phone: index % 19 === 5 ? null : faker.phone.number({ style: 'international' }),
      birth_date: new Date(asOf.getTime() - age * DAY_MS).toISOString().slice(0, 10),
      postcode: faker.location.zipCode(),
      country: region.country,
      address: { street: faker.location.streetAddress(), city: faker.location.city() },
    },
  }
}
