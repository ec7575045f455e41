import { fakerEN } from '@faker-js/faker'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detect, looksLikeData } from '../../../src/init/detect.ts'

describe('detectors', () => {
  it.each([
    ['jane.doe+tag@mail.example.co.uk', 'email'],
    ['用户@例子.广告', 'email'],
    ['4111 1111 1111 1111', 'card'],
    ['378282246310005', 'card'],
    ['GB82 WEST 1234 5698 7654 32', 'iban'],
    ['DE89370400440532013000', 'iban'],
    ['192.168.0.1', 'ip'],
    ['2001:db8::1', 'ip'],
    ['203.0.113.9:51234', 'ip-endpoint'],
    ['[2001:db8::1]:443', 'ip-endpoint'],
    ['fe80::1%eth0', 'ip-endpoint'],
    ['203.0.113.9, 10.0.0.1:80', 'ip-list'],
    ['{"a": [1]}', 'json'],
    ['1.234,56', 'grouped-comma'],
    ['1,23,456.5', 'grouped-point'],
    ['12,5', 'decimal-comma'],
    ['00:1b:44:11:3a:b7', 'mac'],
    ['6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'uuid'],
    ['https://shop.example/a?b=c', 'url'],
    ['+49 30 123456', 'phone'],
    ['(415) 555-0132', 'phone'],
    ['2024-07-15', 'date'],
    ['15.07.2024', 'other-date'],
    ['7/15/24', 'other-date'],
    ['2024-07-15T13:45:00Z', 'rfc3339'],
    ['2024-07-15 13:45:00', 'date-time'],
    // Without an offset a pattern has to be stated; with one `auto` reads it.
    ['2024-07-15 13:45', 'other-date'],
    ['2024-07-15T13:45Z', 'moment'],
    ['2024-07-15T13:45:00+0200', 'moment'],
    ['Mon, 15 Jul 2024 13:45:00 GMT', 'moment'],
    ['Jul 15, 2024 1:45 PM', 'other-date'],
    ['20240715134500', 'other-date'],
    ['1721051100.25', 'epoch-seconds'],
    ['1721051100000000', 'epoch-microseconds'],
    ['19919', 'epoch-days'],
    ['1985', 'year'],
    ['-3650', 'days-of-life'],
    ['1721051100', 'epoch-seconds'],
    ['1721051100000', 'epoch-milliseconds'],
    ['-12.5', 'decimal'],
    ['52.520008', 'coordinates'],
    ['true', 'boolean'],
    ['DE', 'code'],
    ['SW1A 1AA', 'postcode'],
    ['Jean-Luc de la Tour', 'name-like'],
    ['山田 太郎', 'name-like'],
    ['3 Elm Street', 'street'],
    ['12 Elm Street', 'street'],
    ['Hauptstr. 5a', 'street'],
    ['ul. Długa 7', 'street'],
    ['B-AB 1234', 'plate'],
    ['KR 5AB12', 'plate'],
    ['Нора Берг', 'name-like'],
    ['NORA BERG', 'name-like'],
    ['44051401359', 'national-id'],
    ['call +48 600 100 200 now', 'holding'],
    ['enterprise-wide', 'word'],
    ['NOT_FOUND', 'word'],
    ['please ring twice at the door', 'prose'],
  ] as const)('%s looks like: %s', (text, detector) => {
    expect(detect(text)).toContain(detector)
  })

  it.each([
    ['jane.doe at example.com', 'email'],
    ['4111 1111 1111 1112', 'card'],
    ['GB82 WEST 1234 5698 7654 33', 'iban'],
    ['256.1.1.1', 'ip'],
    ['fe80::1%eth0', 'ip'],
    ['203.0.113.9:99999', 'ip-endpoint'],
    ['203.0.113.9, unknown', 'ip-list'],
    ['{"a": [1', 'json'],
    ['0.123,45', 'grouped-comma'],
    ['103.204.155.200', 'grouped-comma'],
    ['1,234', 'decimal-comma'],
    ['1234567.89', 'phone'],
    ['2024-13-15', 'date'],
    ['product list', 'name-like'],
    ['nora berg', 'word'],
    ['Active', 'word'],
  ] as const)('%s does not look like: %s', (text, detector) => {
    expect(detect(text)).not.toContain(detector)
  })

  it('finds every IBAN and card that is made by the rules', () => {
    for (let i = 0; i < 300; i++) {
      const iban = fakerEN.finance.iban()
      // Iran is not in the registry of IBANs.
      if (iban.startsWith('IR')) continue
      expect(detect(iban)).toContain('iban')
      expect(detect(iban.replace(/.{4}(?=.)/g, '$& '))).toContain('iban')
      expect(detect(fakerEN.finance.creditCardNumber({ issuer: 'mastercard' }))).toContain('card')
    }
  })

  it('takes names of fields for names, and data for data', () => {
    for (const name of ['id', 'e-mail', 'customer.email', 'Date of birth', 'ZIP', 'address2', 'is_new'])
      expect({ name, data: looksLikeData(name) }).toEqual({ name, data: undefined })
    for (const text of ['a@b.example', '12', '1985-03-12', 'false', '10.0.0.1'])
      expect({ text, data: looksLikeData(text) !== undefined }).toEqual({ text, data: true })
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => Array.isArray(detect(text))))
  })
})
