/** Whether the fields of one persona can be of one person: one locale, and phone numbers of its country. */
import { PERSONA_COUNTRIES } from '../../transforms/fake/persona-places.ts'
import { optionAt } from './compile-rule.ts'
import type { PolicyRule } from './policy.ts'
import { type Findings, quote } from './problems.ts'

const FAKES = new Set(['fake.person', 'fake.email', 'fake.phone', 'fake.address'])

interface Stated {
  readonly rule: PolicyRule
  readonly name: string
  readonly locale: string | undefined
  readonly country: string | undefined
}

/** A persona goes by its name and the key that its rules use. */
function statedBy(rule: PolicyRule): readonly [persona: string, stated: Stated] | undefined {
  const { persona, locale, country } = rule.options ?? {}
  if (!FAKES.has(rule.use) || typeof persona !== 'string') return undefined
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return [
    `${rule.key?.id ?? ''} ${persona}`,
    { rule, name: persona, locale: text(locale), country: text(country) },
  ]
}

/** Reports each rule that does not fit the first one of its persona. */
export function checkPersonas(rules: Iterable<PolicyRule>, findings: Findings): void {
  const personas = new Map<string, Stated[]>()
  for (const rule of rules) {
    const stated = statedBy(rule)
    if (stated === undefined) continue
    const [persona, one] = stated
    personas.set(persona, [...(personas.get(persona) ?? []), one])
  }
  for (const all of personas.values()) {
    const locale = all.find((one) => one.locale !== undefined)?.locale
    const phone = all.find((one) => one.country !== undefined)?.country
    const country = (locale === undefined ? undefined : PERSONA_COUNTRIES[locale]) ?? phone
    for (const one of all) {
      if (one.locale !== undefined && one.locale !== locale)
        findings.add(
          optionAt(one.rule, 'locale'),
          'bad-option',
          `the persona ${quote(one.name)} has two locales, ${locale} and ${one.locale}`,
          `write locale: ${locale}`,
        )
      if (one.country !== undefined && one.country !== country)
        findings.add(
          optionAt(one.rule, 'country'),
          'bad-option',
          `the persona ${quote(one.name)} has the locale ${locale} and phone numbers of ${one.country}`,
          `write country: ${country}`,
        )
    }
  }
}
