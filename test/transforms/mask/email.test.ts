import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { email } from '../../../transforms/mask/email.ts'
import { fail, OptionError } from '../../../transforms/transform.ts'
import { processorMs } from '../../processor-time.ts'
import { coarser } from '../coarser.ts'
import { maskContext, NO_RECORD } from './context.ts'

const apply = (options: object, text: string) => email.compile(options, maskContext()).apply(text, NO_RECORD)

const locals = fc.stringMatching(/^[a-zA-Zéя0-9!#$%&'*+/=?^_`{|}~.-]{1,12}$/)
const hosts = fc.stringMatching(/^([a-z0-9é]{1,6}\.){1,2}[a-z]{2,5}$/)

describe('mask.email', () => {
  it.each(email.examples)('$title', ({ options, input, output }) => {
    expect(apply(options, input)).toEqual(typeof output === 'string' ? output : fail(output.fails))
  })

  it('never lets the local part through, however it and the domain are made', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.tuple(locals, hosts),
          fc.tuple(hosts, hosts),
          hosts.map((host) => [host.split('.')[0]!, host]),
        ),
        fc.nat(1),
        fc.constantFrom('keep', 'mask'),
        ([local, host], keepFirst, domain) => {
          const result = apply({ keepFirst, domain }, `${local}@${host}`)
          if (typeof result !== 'string') {
            expect(result).toBe(fail('out-of-domain'))
            expect(local).toMatch(/^.?\*{3}$/u)
            return
          }
          const [before, after] = result.split('@')
          expect(before).toBe(`${keepFirst === 1 && local!.length >= 4 ? local![0] : ''}***`)
          expect([host, '***']).toContain(after)
          const folded = after!.toLowerCase()
          if (local!.length >= 3 && after !== '***') expect(folded.includes(local!.toLowerCase())).toBe(false)
          expect(folded.split('.')).not.toContain(local!.toLowerCase())
          if (domain === 'mask') expect(after).toBe('***')
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('hides the length of the local part', () => {
    expect(apply({}, 'abcd@example.org')).toBe(apply({}, 'fghijklmnop@example.org'))
  })

  it.each([
    ['jane.smith@janesmith.example', 'a piece runs on'],
    ['smith@mail.SMITH.example', 'another case'],
    ['ｓｍｉｔｈ@smith.example', 'full-width letters'],
    ['jo@jo.example', 'a short label'],
    ['x+jo@jo.example', 'a short piece'],
    ['jsmith@smith.name', 'a name behind an initial'],
    ['smithj@smith.name', 'a name before an initial'],
    ['jdoe@doe-online.example', 'a word of three'],
    ['j.smi.th@smith.example', 'separators within'],
    ['jsmith@smithfamily.example', 'a run of four'],
    ['иванов@семья-иванова.example', 'any script'],
  ])('hides the domain of %s: %s', (text) => {
    expect(apply({}, text)).toBe('***@***')
  })

  it.each([
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@@example.com',
    'ada@b@example.com',
    ' ada@example.com',
    'ada@example.com ',
    'ada@example.com.',
    'ada@-a.com',
    'ada@a..com',
    'ada@[192.0.2.1]',
    'Ada <ada@example.com>',
    'ada,bob@example.com',
    'mailto:ada@example.com',
    `ada@${'a.'.repeat(200)}com`,
    'ada@exam\u200bple.com',
    'a\u0000b@example.com',
  ])('does not take %j', (text) => {
    expect(apply({}, text)).toBe(fail('unparsable'))
  })

  it.each([
    ['"ada b@home"@example.org', '***@example.org'],
    ['o’neil@example.org', '***@example.org'],
    ['माया@उदाहरण.भारत', '***@उदाहरण.भारत'],
    ['x@xn--bcher-kva.example', '***@xn--bcher-kva.example'],
  ])('takes %s', (text, result) => {
    expect(apply({}, text)).toBe(result)
  })

  it('keeps the domains that it is told to, and no others', () => {
    const domains = ['gmail.com', 'example.com']
    expect(apply({ domains }, 'ada.lovelace@GMAIL.com')).toBe('***@GMAIL.com')
    expect(apply({ domains }, 'ada@lovelace.example')).toBe('***@***')
    expect(apply({ domains }, 'ada@mail.gmail.com')).toBe('***@***')
    expect(apply({ domains }, 'johngmail@gmail.com')).toBe('***@***')
    expect(() => email.compile({ domains, domain: 'mask' }, maskContext())).toThrow(OptionError)
  })

  it('does not count what nobody sees', () => {
    expect(apply({ keepFirst: 1 }, 'a\u3164\u3164\u3164\u3164@example.org')).toBe('***@example.org')
  })

  it('shows no character in which a text can hide', () => {
    const stacked = `a${'\u0301'.repeat(40)}`
    expect(apply({ keepFirst: 1 }, `${stacked}bcdef@example.org`)).toBe('***@example.org')
    expect(apply({ keepFirst: 1 }, '"abcdef"@example.org')).toBe('***@example.org')
  })

  it('takes time in proportion to the text', () => {
    const started = processorMs()
    for (const text of [
      `a@${'a'.repeat(317)}!`,
      `a@${'a-'.repeat(158)}`,
      `${'a.'.repeat(100)}@${'a.'.repeat(50)}`,
    ]) {
      for (let i = 0; i < 200; i++) apply({}, text)
    }
    expect(processorMs() - started).toBeLessThan(5000)
  })

  it.each(['x', '7', '@'])('refuses %s as mask sign', (sign) => {
    expect(() => email.compile({ with: sign }, maskContext())).toThrow(OptionError)
  })

  it('is coarser where it keeps less', () => {
    expect(coarser(email, { keepFirst: 1 }, {})).toBe(true)
    expect(coarser(email, {}, { keepFirst: 1 })).toBe(false)
    expect(coarser(email, {}, { domain: 'mask' })).toBe(true)
    expect(coarser(email, { domain: 'mask' }, {})).toBe(false)
  })
})
