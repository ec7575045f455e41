/** Sealed originals: whoever holds an identity opens them, and nobody else; nothing of them stands anywhere else. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { subjectTokens } from '../../../src/gates/subject-token.ts'
import { createKeyset } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import type { LoadedList } from '../../../src/lists/load-list.ts'
import type { Plan } from '../../../src/policy/plan.ts'
import { decryptWith, isRecipient, recipientOf } from '../../../src/sealing/age.ts'
import { parseRecipients, readIdentities } from '../../../src/sealing/key-files.ts'
import { Opener } from '../../../src/sealing/opener.ts'
import { packOriginal, unpackOriginal } from '../../../src/sealing/original.ts'
import { Sealer } from '../../../src/sealing/sealer.ts'
import { folder } from '../cli/lethe.ts'

const IDENTITY = 'AGE-SECRET-KEY-179DTRWVJLRNRQAAMTH8TJJ7SRMDY5DJ3WY5ZJKH8MMV9085ZEGSSLZN5KT'
const RECIPIENT = 'age12nnunjsq7ta5elcdesem55hrxkhkc70mnrv3gmpft4j8vknxw37qc7xlxe'
/** What the tool age 1.1.1 made of `sealed by the tool age` and a line feed for that recipient. */
const BY_AGE =
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSArS1BweGZkd0FUZDJBekFDRXg5K01xMk54Y0ZlZXRaam0zQ0xRRjhqdzFZCnZ4T3VWaXo3bm1PaTlXRExqZmxXWXdCR2RFSW5CUmpxSFEwRjlBOGVmVzgKLS0tIC9XalVmeW41dFB0ajRadEp6cFBjS2tTeFBteFRBUlJ3Y2c4bXRXTFl3VUkKBIHGxs7Y9oMx6Ei92P23qGYuSqUxvdlee3cEATIQEnOIMEVK4dQ45er0Nga8cTYN6i2ieRArAw=='

const bytes = fc.uint8Array({ maxLength: 60 }).map((one) => Buffer.from(one))
const maybe = fc.option(bytes, { nil: null })
const original = fc.oneof(
  fc.record({ record: bytes }),
  fc.record({
    key: maybe,
    value: maybe,
    headers: fc.array(fc.record({ name: fc.string({ unit: 'binary' }), value: bytes }), { maxLength: 3 }),
    timestamp: fc.integer({ min: -1 }),
  }),
)
const letter = fc
  .record({ topic: fc.string(), offset: fc.nat(), code: fc.constant('json-syntax') })
  .map((one) => JSON.stringify({ v: 1, ...one }))

it('packs any original with its dead letter, and takes nothing that is longer, shorter or of another form', () => {
  fc.assert(
    fc.property(original, letter, fc.nat(), (one, text, cut) => {
      const packed = packOriginal(text, one)
      const again = unpackOriginal(packed)!
      expect(again.letter).toBe(text)
      expect(packOriginal(again.letter, again.original)).toEqual(packed)
      expect(unpackOriginal(packed.subarray(0, cut % packed.length))).toBeUndefined()
      expect(unpackOriginal(Buffer.concat([packed, Buffer.from([0])]))).toBeUndefined()
    }),
  )
})

it('gives an original back to each recipient, and to no one else, and in no other dead letter', async () => {
  const hybrid = await generateHybridIdentity()
  const sealer = new Sealer([RECIPIENT, await identityToRecipient(hybrid)])
  const record = Buffer.from('{"id":"Ada"')
  const [text, other] = ['{"v":1,"input":1,"line":7}', '{"v":1,"input":1,"line":8}']
  const sealed = (await sealer.seal(text, { record }))!
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('Ada')
  for (const identity of [IDENTITY, hybrid])
    expect(await new Opener([identity]).open(sealed, text)).toEqual({ record: new Uint8Array(record) })
  const mine = new Opener([IDENTITY])
  expect(await mine.open(sealed, other)).toBe('seal-swapped')
  expect(await new Opener([await generateX25519Identity()]).open(sealed, text)).toBe('seal-other-identity')
  const file = Buffer.from(sealed, 'base64')
  for (const at of [0, 30, 300, file.length - 1]) {
    const damaged = Buffer.from(file)
    damaged[at]! ^= 1
    expect(await mine.open(damaged.toString('base64'), text)).toMatch(/^seal-(damaged|other-identity)$/)
  }
  for (const wrong of ['', 'AAAA', `${sealed}!`, file.subarray(0, -1).toString('base64')])
    expect(await mine.open(wrong, text)).toBe('seal-damaged')
  const length = Buffer.byteLength(JSON.stringify({ ...JSON.parse(text), sealed }))
  expect(await sealer.seal(text, { record }, length)).toBeDefined()
  expect(await sealer.seal(text, { record }, length - 1)).toBeUndefined()
})

it('reads what the tool age wrote, and names a recipient as it does', async () => {
  const read = await decryptWith([IDENTITY])(Buffer.from(BY_AGE, 'base64'))
  expect(Buffer.from(read as Uint8Array).toString()).toBe('sealed by the tool age\n')
  expect(await recipientOf(IDENTITY)).toBe(RECIPIENT)
  expect([isRecipient(RECIPIENT), isRecipient(RECIPIENT.replace('e', 'q'))]).toEqual([true, false])
})

it('reads files of recipients and identities, and shows nothing of what they hold', async () => {
  expect(parseRecipients(`# ours\n\n ${RECIPIENT}\r\n${RECIPIENT}\n`, 'r.txt')).toEqual([RECIPIENT])
  for (const [text, said] of [
    ['', 'r.txt holds no recipient'],
    [`${RECIPIENT}\n${IDENTITY}`, 'r.txt:2: this is an identity'],
    ['ssh-ed25519 AAAA', 'r.txt:1: this is no recipient'],
  ] as const) {
    const found = (): unknown => parseRecipients(text, 'r.txt')
    expect(found).toThrow(said)
    expect(found).not.toThrow(/AGE-SECRET|AAAA/)
  }
  const cwd = folder({
    'id.txt': `# made\n${IDENTITY}\n`,
    'bad.txt': `${IDENTITY}x\n`,
    'none.txt': '# none\n',
  })
  const file = join(cwd, 'id.txt')
  chmodSync(file, 0o644)
  await expect(readIdentities(file)).rejects.toMatchObject({ code: 'secret-file-open' })
  for (const name of ['id.txt', 'bad.txt', 'none.txt']) chmodSync(join(cwd, name), 0o600)
  expect((await readIdentities(file)).identities).toEqual([IDENTITY])
  for (const name of ['bad.txt', 'none.txt'])
    await expect(readIdentities(join(cwd, name))).rejects.toMatchObject({ code: 'identity-invalid' })
  writeFileSync(file, 'age-encryption.org/v1\n')
  await expect(readIdentities(file)).rejects.toThrow('is an encrypted file')
})

it('makes the token of a subject under the list that goes by it, or under a domain of its own', () => {
  const matchKeys = new MatchKeys({ ...createKeyset(new Date(0)), use: 'match' })
  const subject = { text: 'customer.id' }
  const plan = (suppression: readonly unknown[]) => ({ subject, suppression }) as unknown as Plan
  expect(subjectTokens(plan([]), { lists: new Map(), matchKeys: undefined })).toBeUndefined()
  const own = subjectTokens(plan([]), { lists: new Map(), matchKeys })!
  expect([own.domain, own.normalize, own.tokenOf(' C-1 '), own.tokenOf('  ')]).toEqual([
    'dead-letters',
    'trim',
    own.tokenOf('C-1'),
    undefined,
  ])
  const list = { domain: 'erasures' } as LoadedList
  const by = { list: 'gone', entries: 'match', by: [subject], normalize: ['lower'] }
  const listed = subjectTokens(plan([{ ...by, toNormal: [(text: string) => text.toLowerCase()] }]), {
    lists: new Map([['gone', list]]),
    matchKeys,
  })!
  const { id, check } = matchKeys.primary
  const match = matchKeys.matcher(id, check, 'erasures', 'here')
  expect([listed.domain, listed.normalize, listed.tokenOf('C-1')]).toEqual([
    'erasures',
    'lower',
    `${id}.${match('c-1').toString('base64url')}`,
  ])
})
