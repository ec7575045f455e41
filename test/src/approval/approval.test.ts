/** Approvals: which count, that a changed byte makes them count no more, and that docs/approval.md is right. */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { approve, lastApproved } from '../../../src/approval/add-approval.ts'
import { type Approval, approvalLine, readApprovals } from '../../../src/approval/approval.ts'
import { judgeApprovals, requireApproved } from '../../../src/approval/required-approval.ts'
import type { SigningKey } from '../../../src/signing/private-key.ts'
import { publicKeyOf } from '../../../src/signing/public-key.ts'
import { folder, root } from '../cli/lethe.ts'

const NOW = Date.parse('2026-03-10T12:00:00Z')
const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

function newKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { publicKey: publicKeyOf(publicKey), sign: (bytes) => sign(null, bytes, privateKey) }
}
const anna = newKey()
const ben = newKey()
const eve = newKey()
const trusted = [anna.publicKey, ben.publicKey]

const approval = (key: SigningKey, more: Partial<Approval> = {}): Approval => ({
  policy: 'p',
  version: 1,
  fingerprint: A,
  previous: null,
  role: 'privacy-officer',
  note: 'looked at every field, é “ok”',
  when: '2026-03-10T11:00:00.000Z',
  key: key.publicKey.id,
  ...more,
})
const line = (key: SigningKey, more?: Partial<Approval>): string =>
  `${approvalLine(approval(key, more), key)}\n`
const statesOf = (text: string | Uint8Array, now = NOW): string[] =>
  judgeApprovals(Buffer.from(text), A, trusted, now).map(({ state }) => state)

describe('an approval', () => {
  it('counts once for each trusted key', () => {
    expect(statesOf(line(anna) + line(ben) + line(anna, { note: 'once more, for sure' }))).toEqual([
      'counts',
      'counts',
      'same-key',
    ])
  })

  it('does not count for another fingerprint, by another key, or out of the future', () => {
    expect(statesOf(line(anna, { fingerprint: B }))).toEqual(['other-policy'])
    expect(statesOf(line(eve))).toEqual(['unknown-key'])
    // Under the name of a trusted key.
    expect(statesOf(`${approvalLine(approval(anna), eve)}\n`)).toEqual(['bad-signature'])
    expect(statesOf(line(anna, { when: '2026-03-10T12:06:00.000Z' }))).toEqual(['future'])
    expect(statesOf(line(anna, { when: '2026-03-10T12:04:00.000Z' }))).toEqual(['counts'])
    expect(statesOf(line(anna, { when: '2026-13-40T12:04:00.000Z' }))).toEqual(['future'])
  })

  it('is no approval of what the same key signed elsewhere', () => {
    const members = JSON.parse(line(anna)) as Record<string, unknown>
    const { signature: _, ...signed } = members
    const signature = anna.sign(Buffer.from(JSON.stringify(signed))).toString('base64')
    expect(statesOf(`${JSON.stringify({ ...members, signature })}\n`)).not.toContain('counts')
  })

  it('does not count once any byte of it is another one', () => {
    const bytes = Buffer.from(line(anna))
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes)
        changed[at]! ^= change
        expect(statesOf(changed)).not.toContain('counts')
      }),
      { numRuns: 1500 },
    )
  })

  it('does not count once a byte is taken out or put in', () => {
    const bytes = Buffer.from(line(anna))
    fc.assert(
      fc.property(fc.nat(bytes.length - 2), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
        expect(statesOf(without)).not.toContain('counts')
        // A line end before all others is an empty line, which says nothing.
        if (at === 0 && byte === 0x0a) return
        const more = Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)])
        expect(statesOf(more)).not.toContain('counts')
      }),
      { numRuns: 1000 },
    )
  })

  it('stays one where a line beside it is damaged', () => {
    expect(statesOf(`${line(anna)}broken\n${line(ben)}`)).toEqual(['counts', 'unreadable', 'counts'])
  })
})

describe('a file of approvals', () => {
  const seen = { name: 'p', version: 1, fingerprint: A }
  const place = (): string => join(folder({ 'p.yaml': '' }), 'p.yaml')
  const options = { role: 'dpo', note: 'looked at all of it', now: NOW }

  it('grows by a line for each, and names what was approved before', () => {
    const policy = place()
    approve(policy, { ...seen, fingerprint: B }, { ...options, key: anna })
    approve(policy, seen, { ...options, key: anna })
    approve(policy, seen, { ...options, key: ben })
    const lines = readApprovals(readFileSync(`${policy}.approval`))
    expect(lines.map((one) => one.approval?.previous)).toEqual([null, B, B])
    expect(lastApproved(policy, A)).toBe(B)
    expect(statesOf(readFileSync(`${policy}.approval`))).toEqual(['other-policy', 'counts', 'counts'])
  })

  it('takes no approval behind a damaged line, and starts a new line where the last one has no end', () => {
    const policy = place()
    writeFileSync(`${policy}.approval`, line(ben).trimEnd())
    approve(policy, seen, { ...options, key: anna })
    expect(statesOf(readFileSync(`${policy}.approval`))).toEqual(['counts', 'counts'])
    writeFileSync(`${policy}.approval`, 'broken\n')
    expect(() => approve(policy, seen, { ...options, key: anna })).toThrow(/line 1/)
  })

  it('is required in full: fewer keys than are needed, or fewer approvals, are refused', () => {
    const policy = place()
    const pem = (key: SigningKey) =>
      `-----BEGIN PUBLIC KEY-----\n${key.publicKey.spki}\n-----END PUBLIC KEY-----\n`
    const keysFile = join(folder({ 'keys.pem': pem(anna) + pem(ben) }), 'keys.pem')
    const codeOf = (need: number): unknown => {
      try {
        return requireApproved(policy, seen, { need, keysFile }, undefined, NOW).map(({ role }) => role)
      } catch (error) {
        return (error as { code?: unknown }).code
      }
    }
    expect(codeOf(1)).toBe('approval-missing')
    writeFileSync(`${policy}.approval`, line(anna) + line(anna))
    expect(codeOf(1)).toEqual(['privacy-officer'])
    expect(codeOf(2)).toBe('approval-missing')
    expect(codeOf(3)).toBe('public-keys-invalid')
  })
})

describe('docs/approval.md', () => {
  it('shows an approval that node:crypto alone verifies, as it says', () => {
    const text = readFileSync(join(root, 'docs/approval.md'), 'utf8')
    const [example] = /^ {4}\{"fingerprint".*$/m.exec(text)!
    const pem = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/.exec(text)![0].replace(/^ +/gm, '')
    // As the page says: take the signature out, write the rest as it stands, behind the context.
    const shown = example.trim()
    const { signature, ...members } = JSON.parse(shown) as Record<string, string>
    expect(Object.keys(members)).toEqual(Object.keys(members).sort())
    const signed = Buffer.from(`lethe-approval-v1\n${JSON.stringify(members)}`, 'utf8')
    const key = createPublicKey(pem)
    expect(verify(null, signed, key, Buffer.from(signature!, 'base64'))).toBe(true)
    const der = key.export({ type: 'spki', format: 'der' })
    expect(createHash('sha256').update(der).digest('hex').slice(0, 16)).toBe(members['key'])
    const judged = judgeApprovals(
      Buffer.from(`${shown}\n`),
      members['fingerprint']!,
      [publicKeyOf(key)],
      NOW * 2,
    )
    expect(judged.map(({ state }) => state)).toEqual(['counts'])
  })
})
