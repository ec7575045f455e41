import { describe, expect, it } from 'vitest'
import { email } from '../../../transforms/fake/email.ts'
import { NO_RECORD } from '../hash/context.ts'
import { fakeContext } from './context.ts'

describe('fake.email', () => {
  it.each(['en', 'de', 'pl', 'tr', 'vi', 'cs_CZ', 'uz_UZ_latin'])('is plain ASCII in %s', (locale) => {
    const compiled = email.compile({ locale }, fakeContext())
    expect(compiled.plain).toBe(true)
    for (let i = 0; i < 2000; i++) {
      expect(compiled.apply(`v${i}`, NO_RECORD)).toMatch(/^[a-z]+\.[a-z]+[0-9]{4}@example\.com$/)
    }
  })

  it('does not meet itself in ten thousand values', () => {
    const compiled = email.compile({}, fakeContext())
    const results = new Set(Array.from({ length: 10_000 }, (_, i) => compiled.apply(`v${i}`, NO_RECORD)))
    expect(results.size).toBe(10_000)
  })

  it.each(['example.com', 'a.example.net', 'mail.test', 'x-y.invalid', 'a.b.example'])('takes %s', (host) => {
    expect(email.compile({ host }, fakeContext()).apply('a', NO_RECORD)).toMatch(new RegExp(`@${host}$`))
  })

  it.each([
    'gmail.com',
    'notexample.com',
    'example.com.evil.org',
    'test',
    'Example.com',
    'a..test',
    '-a.test',
    'a_b.test',
    'example.com.',
  ])('refuses the host %s, which somebody may own or which is none', (host) => {
    expect(email.options.safeParse({ host }).success).toBe(false)
  })
})
