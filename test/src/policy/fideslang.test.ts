import { describe, expect, it } from 'vitest'
import { DATA_CATEGORIES, isTooGeneral, roleOfCategory } from '../../../src/identify/categories.ts'
import { checkTaxonomyKey, DATA_USES } from '../../../src/policy/fideslang.ts'

describe('the keys of Fideslang', () => {
  it('are sorted, distinct and each below a known one', () => {
    for (const list of [DATA_CATEGORIES, DATA_USES]) {
      expect([...new Set(list)].sort()).toEqual(list)
      for (const key of list)
        if (key.includes('.')) expect(list).toContain(key.slice(0, key.lastIndexOf('.')))
    }
  })
  it('may be extended below a known one, but not by a slip', () => {
    const ok = (key: string) => checkTaxonomyKey(key, DATA_CATEGORIES).ok
    expect(ok('user.contact.email')).toBe(true)
    expect(ok('user.contact.email.work')).toBe(true)
    expect(ok('user.loyalty_card')).toBe(true)
    expect(ok('user.contact.emial')).toBe(false)
    expect(ok('customer.email')).toBe(false)
    expect(ok('user.contact.email.')).toBe(false)
    expect(ok('user.Contact')).toBe(false)
    expect(checkTaxonomyKey('user.contact.emial', DATA_CATEGORIES).near).toBe('user.contact.email')
  })
})

describe('roleOfCategory', () => {
  it.each([
    ['user.contact.email', 'direct-identifier'],
    ['user.device.ip_address', 'direct-identifier'],
    ['user.government_id.passport_number', 'direct-identifier'],
    ['user.contact.address.street', 'direct-identifier'],
    ['user.contact.address.postal_code', 'quasi-identifier'],
    ['user.demographic.date_of_birth', 'quasi-identifier'],
    ['user.demographic.religious_belief', 'sensitive'],
    ['user.health_and_medical', 'sensitive'],
    ['user.health_and_medical.record_id', 'direct-identifier'],
    ['user.behavior.purchase_history', 'other'],
    ['user.name.first.nickname', 'direct-identifier'],
    [undefined, 'other'],
  ])('%s: %s', (category, role) => {
    expect(roleOfCategory(category)).toBe(role)
  })
})

describe('isTooGeneral', () => {
  it.each([
    ['user', true],
    ['system', true],
    ['user.contact', true],
    ['user.account', true],
    ['user.loyalty_card', true],
    ['user.contact.email', false],
    ['user.contact.email.work', false],
    ['user.contact.address', false],
    ['user.behavior', false],
    ['user.behavior.purchase_history', false],
    ['user.financial', false],
    ['system.operations', false],
  ])('%s: %s', (category, general) => {
    expect(isTooGeneral(category)).toBe(general)
  })
})
