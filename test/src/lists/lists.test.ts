/** Lists of subjects: what is read, what is refused and where, and what the writer leaves. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { addKey, createKeyset, disableKey, type Keyset, promoteKey } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { changeList, createList, keysOfList } from '../../../src/lists/list-writer.ts'
import { type ListForm, loadList } from '../../../src/lists/load-list.ts'
import { TokenTable } from '../../../src/lists/token-table.ts'
import { newSources } from '../../../src/policy/context.ts'
import { type NormalForm, toNormalForm } from '../../../src/policy/suppression/normal-forms.ts'
import type { ListEntries } from '../../../src/policy/suppression/suppression-schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-lists-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = new Date('2026-03-01T10:00:00.500Z')
let files = 0
const fileName = () => join(folder, `list-${files++}`)

function written(text: string | Uint8Array, mode = 0o600): string {
  const file = fileName()
  writeFileSync(file, text, { mode })
  return file
}

const formOf = (entries: ListEntries, form: NormalForm = 'trim'): ListForm => ({
  list: 'l',
  entries,
  normalize: [form],
  toNormal: [toNormalForm(form, newSources())],
})

const keysetOf = () => createKeyset(NOW, randomBytes, 'match')
const sha256 = (text: string, encoding: 'hex' | 'base64') =>
  createHash('sha256').update(text).digest(encoding)

/** Who of `texts` is on a list. */
function onList(file: string, texts: readonly string[], keyset: Keyset): string[] {
  const list = loadList(formOf('match'), { file })
  const keys = new MatchKeys(keyset)
  const matchers = list.keys.map(({ id, check }) => keys.matcher(id, check, list.domain, file))
  const table = TokenTable.of(list.memory)
  return texts.filter((text) => matchers.some((match) => table.has(match(text))))
}

async function refusalLater(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof LetheError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof LetheError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'taken'
}

describe('a list under match keys', () => {
  const newList = async (normalize: NormalForm = 'trim') => {
    const file = fileName()
    await createList(file, { purpose: 'suppression', domain: 'erasures', normalize })
    return file
  }

  it('holds tokens and no identifiers, and is private', async () => {
    const file = await newList()
    const keyset = keysetOf()
    expect(
      await changeList(file, 'add', [' C-1001 ', 'C-1002', 'C-1001'], new MatchKeys(keyset), NOW),
    ).toEqual({
      written: 2,
      unchanged: 1,
    })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/C-100/)
    expect(text.split('\n').slice(0, 2)).toEqual([
      '{"lethe":"list","v":1,"purpose":"suppression","domain":"erasures","normalize":"trim"}',
      `{"key":"k1","check":"${new MatchKeys(keyset).primary.check}"}`,
    ])
    expect(text).toMatch(/\n\{"t":"k1\.[A-Za-z0-9_-]{22}","at":"2026-03-01T10:00:00Z"\}\n/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(onList(file, ['C-1001', 'C-1002', 'C-1003'], keyset)).toEqual(['C-1001', 'C-1002'])
    await changeList(file, 'remove', ['C-1001'], new MatchKeys(keyset), NOW)
    expect(onList(file, ['C-1001', 'C-1002'], keyset)).toEqual(['C-1002'])
    expect(
      await refusalLater(() => createList(file, { purpose: 'suppression', domain: 'x', normalize: 'trim' })),
    ).toMatch(/^output-exists/)
  })

  it('is matched over any additions, removals and rotations of its keys', async () => {
    const who = fc.constantFrom('a', 'b')
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), who }),
      fc.record({ kind: fc.constant('rotate' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 14, size: 'max' }), async (steps) => {
        const file = await newList()
        let keyset = keysetOf()
        const model = new Set<string>()
        for (const one of steps) {
          if (one.kind === 'rotate') {
            keyset = addKey(keyset, NOW)
            keyset = promoteKey(keyset, keyset.keys.at(-1)!.id)
            continue
          }
          await changeList(file, one.kind, [one.who], new MatchKeys(keyset), NOW)
          if (one.kind === 'add') model.add(one.who)
          else model.delete(one.who)
        }
        expect(onList(file, ['a', 'b', 'c'], keyset)).toEqual([...model].sort())
        expect(loadList(formOf('match'), { file }).count).toBe(model.size)
        const byKey = [...keysOfList(file).values()].reduce((sum, { entries }) => sum + entries, 0)
        expect(byKey).toBe(model.size)
      }),
      { numRuns: 12 },
    )
  })

  it('loses an entry that was never acknowledged, and no other', async () => {
    const file = await newList()
    const keyset = keysetOf()
    await changeList(file, 'add', ['a', 'b'], new MatchKeys(keyset), NOW)
    truncateSync(file, statSync(file).size - 5)
    expect(refusal(() => loadList(formOf('match'), { file }))).toMatch(/^list-invalid: .*cut short|no entry/)
    await changeList(file, 'add', ['c'], new MatchKeys(keyset), NOW)
    expect(onList(file, ['a', 'b', 'c'], keyset)).toEqual(['a', 'c'])
  })

  it('is refused where its keys are not held, and whatever was edited, at its line', async () => {
    const file = await newList()
    const keyset = keysetOf()
    await changeList(file, 'add', ['a'], new MatchKeys(keyset), NOW)
    const { keys } = loadList(formOf('match'), { file })
    const { id, check } = keys[0]!
    const held = (given: Keyset) => refusal(() => new MatchKeys(given).matcher(id, check, 'erasures', file))
    expect(held(keysetOf())).toMatch(
      /^match-key-missing: .*entries under the match key k1 \(check value [0-9a-f]{8}\), and the k1/,
    )
    const two = promoteKey(addKey(keyset, NOW), 'k2')
    expect(held(two)).toBe('taken')
    expect(held(disableKey(two, 'k1'))).toMatch(/^match-key-missing: .*which is disabled/)
    expect(held({ ...two, keys: two.keys.slice(1) })).toMatch(/^match-key-missing: .*not among/)
    const text = readFileSync(file, 'utf8')
    const edited = (from: string | RegExp, to: string) => {
      const name = written(text.replace(from, to))
      return refusal(() => loadList(formOf('match'), { file: name })).replace(name, 'FILE')
    }
    expect(edited('"lethe":"list"', '"lethe":"keyset"')).toMatch(/^list-invalid: FILE:1: /)
    expect(edited('"v":1', '"v":2')).toMatch(/^list-invalid: FILE:1: a newer/)
    expect(edited('"trim"', '"email"')).toMatch(
      /^list-invalid: FILE:1: .*normal form email, and the policy says trim/,
    )
    expect(edited(/\{"key".*\n/, '')).toMatch(/^list-invalid: FILE:2: no line before it says which key k1/)
    expect(edited(/\n$/, '')).toMatch(/^list-invalid: FILE:3: the last line is cut short/)
    expect(edited('"t":"k1.', '"t":"C-1001.')).toMatch(/^list-invalid: FILE:3: this is no entry/)
    expect(edited('"at":', '"when":')).toMatch(/^list-invalid: FILE:3: this is no entry/)
    expect(refusal(() => loadList(formOf('match'), { file: written('') }))).toMatch(/:1: the list is empty/)
    expect(refusal(() => loadList(formOf('match'), { file: written('C-1\n') }))).not.toMatch(/C-1[^0-9]/)
    expect(refusal(() => loadList(formOf('match'), { file: join(folder, 'none') }))).toMatch(/^file-missing/)
    expect(refusal(() => loadList(formOf('match'), { file: folder }))).toMatch(/^not-a-file/)
  })

  it('takes no keys of tokens, and no identifier without a normal form', async () => {
    expect(refusal(() => new MatchKeys(createKeyset(NOW)))).toMatch(/^key-unusable/)
    const file = await newList('email')
    const keys = new MatchKeys(keysetOf())
    expect(await refusalLater(() => changeList(file, 'add', ['a@b.example', 'a@b@c'], keys, NOW))).toMatch(
      /^list-invalid: identifier 2 has no normal form/,
    )
    expect(keysOfList(file).size).toBe(0)
  })

  it('is written by one at a time', async () => {
    const file = await newList()
    const keyset = keysetOf()
    const all = ['a', 'b', 'c', 'd']
    await Promise.all(all.map((one) => changeList(file, 'add', [one], new MatchKeys(keyset), NOW)))
    expect(onList(file, all, keyset)).toEqual(all)
  })
})

describe('a list of identifiers', () => {
  it('is read by its normal form, from a private file', () => {
    const file = written('\ufeffC-1\r\n\n C-2 \nC-1\n')
    const { count, memory, sha256: digest } = loadList(formOf('raw'), { file })
    expect(count).toBe(2)
    expect(digest).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
    expect(Buffer.from(memory).includes('C-1')).toBe(false)
    expect(refusal(() => loadList(formOf('raw'), { file: written('C-1\n', 0o644) }))).toMatch(
      /^secret-file-open/,
    )
    expect(refusal(() => loadList(formOf('raw', 'email'), { file: written('a@b\nx@y@z\n') }))).toMatch(
      /^list-invalid: .*:2: the identifier has no normal form \(email\)/,
    )
    expect(refusal(() => loadList(formOf('raw'), { file: written('') }))).toMatch(
      /^list-invalid: .*:1: the file is empty/,
    )
    expect(loadList(formOf('raw'), { file: written('\n') }).count).toBe(0)
    expect(
      refusal(() => loadList(formOf('raw'), { file: written(Uint8Array.of(0x61, 0x0a, 0xff, 0x0a)) })),
    ).toMatch(/:2: it is not UTF-8/)
  })
})

describe('a list of digests', () => {
  const [a, b] = ['a', 'b'].map((text) => ({ hex: sha256(text, 'hex'), base64: sha256(text, 'base64') })) as [
    { hex: string; base64: string },
    { hex: string; base64: string },
  ]

  it('is read a digest a line, or by its column Hash, without what was cancelled', () => {
    const count = (text: string, removed?: string) =>
      loadList(formOf('sha256-base64'), {
        file: written(text),
        ...(removed === undefined ? {} : { removed: written(removed) }),
      }).count
    expect(count(`${a.base64}\n${b.base64}\n`)).toBe(2)
    expect(count(`ID,Hash\nAAAAAAAAAAA1,${a.base64}\nAAAAAAAAAAA2,"${b.base64}"`)).toBe(2)
    expect(count('ID,Hash\n')).toBe(0)
    // Two asked for one number, and one of them has cancelled: it stays on the list for the other.
    const shared = `ID,Hash\nAAAAAAAAAAA1,${a.base64}\nAAAAAAAAAAA2,${a.base64}\n`
    const cancelled = (...ids: string[]) =>
      `ID,Hash,ListType\n${ids.map((id) => `${id},${a.base64},Phone\n`).join('')}`
    expect(count(shared, cancelled('AAAAAAAAAAA1'))).toBe(1)
    expect(count(shared, cancelled('AAAAAAAAAAA1', 'AAAAAAAAAAA2'))).toBe(0)
    expect(count(`${a.base64}\n${b.base64}\n`, `${b.base64}\n`)).toBe(1)
    expect(
      loadList(formOf('sha256-hex'), { file: written(`${a.hex}\n${b.hex.toUpperCase()}\n`) }).count,
    ).toBe(2)
  })

  it('is refused in another form than the policy states, at its line, and quotes no digest', () => {
    const said = (entries: ListEntries, text: string) => {
      const file = written(text)
      const message = refusal(() => loadList(formOf(entries), { file })).replace(file, 'FILE')
      for (const one of [a.hex, a.base64]) expect(message).not.toContain(one)
      return message
    }
    expect(said('sha256-base64', `${b.base64}\n${a.hex}\n`)).toMatch(
      /^list-invalid: FILE:2: a digest in hex stands where the policy says Base64/,
    )
    expect(said('sha256-hex', `Hash\n${a.base64}\n`)).toMatch(
      /^list-invalid: FILE:2: a digest in Base64 stands where the policy says hex/,
    )
    expect(said('sha256-base64', `${Buffer.from(a.hex, 'hex').toString('base64url')}\n`)).toMatch(
      /FILE:1: a digest in Base64url/,
    )
    expect(said('sha256-hex', `${a.hex.slice(1)}\n`)).toMatch(/FILE:1: this is no SHA-256 digest in hex/)
    expect(said('sha256-hex', `ID,Hash\n1,${a.hex},x\n`)).toMatch(/FILE:2: it has 3 cells, and the header 2/)
    expect(said('sha256-hex', '')).toMatch(/FILE:1: the file is empty/)
  })
})

it('meets the published vectors of the register of California', () => {
  const hashed = (text: string) => sha256(toNormalForm('last-10-digits', newSources())(text)!, 'base64')
  expect(hashed('4155559317')).toBe('vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=')
  expect(hashed('+1(415)555-9317')).toBe('vGM7y5n+hBXRSEAklhHDPCbysyNgYTmXdMcagGUOY8E=')
  expect(hashed('+84(90)123 4567')).toBe('ptzVkgbv9DonwvPCHmXmJ2SEOaolSh37z3ZzY/Gmm+U=')
})

it.each<[NormalForm, string, string | undefined]>([
  ['none', ' A ', ' A '],
  ['trim', '\t A\n', 'A'],
  ['trim', ' ', ''],
  ['lower', ' ÄB ', 'Äb'],
  ['email', ' Jane@Example.COM ', 'jane@example.com'],
  ['email', 'Jane <jane@example.com>', undefined],
  ['email', ' ', ''],
  ['phone', '+1 (415) 555-9317', '14155559317'],
  ['phone', '555-9317', undefined],
  ['nfkc', 'ﬁ', 'fi'],
  ['digits', 'a-1b2', '12'],
  ['digits', 'none', ''],
  ['last-10-digits', '123', '123'],
  ['zip5', '90210-1234', '90210'],
  ['letters', " Renée O'Neil-Šmíd ", 'reneeoneilsmid'],
])('brings an identifier to the form %s: %j is %j', (form, text, expected) => {
  expect(toNormalForm(form, newSources())(text)).toBe(expected)
})
