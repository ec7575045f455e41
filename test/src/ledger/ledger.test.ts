/** Ledgers: what is written down before an action, what a crash leaves, and that any change of what is stored is found. */
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LetheError } from '../../../src/errors.ts'
import { takeLock } from '../../../src/files/lock-file.ts'
import { fileAnchor } from '../../../src/ledger/anchor.ts'
import { Ledger } from '../../../src/ledger/ledger.ts'
import { readLedgers } from '../../../src/ledger/read-ledgers.ts'
import { verifyLedgers } from '../../../src/ledger/verify-chains.ts'
import { root } from '../cli/lethe.ts'
import { FACT, ledgerWorld, newKey } from './world.ts'

const codesOf = ({ findings }: { readonly findings: readonly { readonly code: string }[] }): string[] =>
  findings.map(({ code }) => code)

const entriesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a ledger', () => {
  it('has each action between two entries, in one chain', async () => {
    const { file, ledger, verify } = ledgerWorld()
    await ledger.record({ action: 'keys.add' }, () => {
      // Written before it is done.
      expect(entriesOf(file).at(-1)).toMatchObject({ action: 'keys.add', state: 'begins', sequence: 2 })
    })
    const failing = ledger.record({ action: 'batch' }, () => {
      throw new LetheError('file-missing', 'x')
    })
    await expect(failing).rejects.toMatchObject({ code: 'file-missing' })
    expect(entriesOf(file).map(({ action, state, begun, code }) => [action, state, begun, code])).toEqual([
      ['ledger.begin', 'done', null, null],
      ['keys.add', 'begins', null, null],
      ['keys.add', 'done', 2, null],
      ['batch', 'begins', null, null],
      ['batch', 'failed', 4, 'file-missing'],
    ])
    const { chains, findings } = verify()
    expect(findings).toEqual([])
    expect(chains).toMatchObject([{ entries: 5, first: 1, last: 5, anchored: 5, open: [], backwards: [] }])
  })

  it('refuses an action that it cannot write down', async () => {
    const { at, file, key } = ledgerWorld()
    const gone = new Ledger({ file: join(at, 'no', 'ledger.ndjson'), key, actor: 'operator' })
    const never = () => {
      throw new Error('it was done')
    }
    await expect(gone.record(FACT, never)).rejects.toMatchObject({ code: 'ledger-unwritable' })
    const anchor = fileAnchor(join(at, 'no', 'heads.ndjson'), file)
    const unanchored = new Ledger({ file, key, actor: 'operator', anchor })
    await expect(unanchored.record(FACT, never)).rejects.toMatchObject({ code: 'ledger-unwritable' })
    const wrong = new Ledger({ file, key, actor: 'operator' })
    await expect(
      wrong.record({ action: 'batch', names: { policy: 'anna@example.com' } }, never),
    ).rejects.toMatchObject({ code: 'ledger-unwritable' })
  })

  it('refuses to go on where its end was cut off, or changed', async () => {
    const { file, ledger } = ledgerWorld()
    for (let n = 0; n < 3; n++) await ledger.append(FACT)
    const bytes = readFileSync(file)
    const lines = bytes.toString().split('\n')
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`)
    await expect(ledger.append(FACT)).rejects.toMatchObject({ code: 'ledger-damaged' })
    writeFileSync(file, bytes.toString().replace(/"time":"2026/g, '"time":"2025'))
    await expect(ledger.append(FACT)).rejects.toMatchObject({ code: 'ledger-damaged' })
    writeFileSync(file, `${bytes}something else\n`)
    await expect(ledger.append(FACT)).rejects.toMatchObject({ code: 'ledger-damaged' })
    writeFileSync(file, bytes)
    expect(await ledger.append(FACT)).toBe(5)
  })

  it('takes off an entry that was cut short, and says so', async () => {
    const { file, ledger, verify } = ledgerWorld()
    await ledger.append(FACT)
    appendFileSync(file, '{"action":"batch","act')
    expect(verify().findings).toMatchObject([{ line: 3, code: 'torn' }])
    await ledger.append(FACT)
    expect(entriesOf(file).map(({ action, counts }) => [action, counts])).toEqual([
      ['ledger.begin', {}],
      ['keys.add', FACT.counts],
      ['ledger.repair', { bytes: 22 }],
      ['keys.add', FACT.counts],
    ])
    expect(verify().findings).toEqual([])
  })

  it('tells of an action without an outcome, and of a clock that was set back', async () => {
    const { ledger, clock, verify } = ledgerWorld()
    await ledger.append({ ...FACT, state: 'begins' })
    clock.now -= 86_400_000
    await ledger.append(FACT)
    const [chain] = verify().chains
    expect(chain!.open.map(({ line }) => line)).toEqual([2])
    expect(chain!.backwards.map(({ line }) => line)).toEqual([3])
  })

  it('is one chain where many append at once', async () => {
    const { file, key, verify } = ledgerWorld()
    const many = Array.from({ length: 12 }, () => new Ledger({ file, key, actor: 'operator' }))
    const sequences = await Promise.all(many.map((ledger) => ledger.append(FACT)))
    expect(sequences.sort((a, b) => a - b)).toEqual(many.map((_, n) => n + 2))
    expect(verify(undefined, []).findings).toEqual([])
  })

  it('takes over the lock of a process that is gone, and of no other', async () => {
    const { file, ledger } = ledgerWorld()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(`${file}.lock`, `${pid} ${hostname()} 0123456789abcdef\n`)
    await ledger.append(FACT)
    expect(existsSync(`${file}.lock`)).toBe(false)
    for (const other of [`${process.pid} ${hostname()}`, `${pid} elsewhere`]) {
      writeFileSync(`${file}.lock`, `${other} 0123456789abcdef\n`)
      await expect(takeLock(file, { waitMs: 50 })).rejects.toMatchObject({ code: 'file-busy' })
    }
  })

  it('refuses an anchor beside itself', () => {
    const { at, file } = ledgerWorld()
    expect(() => fileAnchor(join(at, 'heads.ndjson'), file)).toThrow(/no|second|folder/)
  })
})

describe('segments', () => {
  it('carry the chain on, are sealed by size, and survive a crash between the two steps', async () => {
    const { at, file, heads, ledger, key, verify, read } = ledgerWorld(newKey(), { sealBytes: 1500 })
    for (let n = 0; n < 12; n++) await ledger.append(FACT)
    expect(await ledger.seal()).toMatch(/ledger\.ndjson\.00000\d$/)
    // As a crash leaves it: sealed, and the next one not begun.
    rmSync(file)
    const sealed = readLedgers([file]).map((one) => one.file)
    expect(sealed.length).toBeGreaterThan(3)
    // The first entry of that segment is in the anchor.
    writeFileSync(
      heads,
      readFileSync(heads, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n').concat('\n'),
    )
    await ledger.append(FACT)
    const { chains, findings } = verify(readLedgers([file]))
    expect(findings).toEqual([])
    expect(chains).toHaveLength(1)
    expect(entriesOf(file)[0]).toMatchObject({ action: 'ledger.segment' })
    // A segment in the middle is gone.
    const without = readLedgers([file]).filter((_, n) => n !== 1)
    expect(codesOf(verify(without))).toEqual(['missing'])
    expect(codesOf(verify(readLedgers([file]).slice(1)))).toEqual(['missing'])
    expect(existsSync(join(at, 'ledger.ndjson.lock'))).toBe(false)
    expect(verifyLedgers([read(file)], [key.publicKey], []).findings).toMatchObject([
      { line: 1, code: 'missing' },
    ])
  })
})

describe('ledgers of several hosts', () => {
  it('are verified together, each chain by itself', async () => {
    const [a, b] = [ledgerWorld(), ledgerWorld()]
    for (const { ledger } of [a, b]) await ledger.append(FACT)
    const keys = [a.key.publicKey, b.key.publicKey]
    const files = [a.read(a.file), b.read(b.file)]
    const heads = [a.read(a.heads), b.read(b.heads)]
    expect(verifyLedgers(files, keys, heads).findings).toEqual([])
    expect(verifyLedgers(files, keys, heads).chains).toHaveLength(2)
    expect(codesOf(verifyLedgers(files, [a.key.publicKey], [heads[0]!]))).toEqual([
      'unknown-key',
      'unknown-key',
    ])
    expect(codesOf(verifyLedgers([files[0]!], keys, heads))).toEqual(['chain-missing'])
    const mixed = { file: 'mixed', bytes: Buffer.concat([files[0]!.bytes, files[1]!.bytes]) }
    expect(codesOf(verifyLedgers([mixed], keys, []))).toEqual(['foreign', 'foreign'])
  })

  it('one key cannot write under the name of another', async () => {
    const { key, file } = ledgerWorld()
    const eve = newKey()
    const forged = new Ledger({
      file,
      key: { publicKey: key.publicKey, sign: eve.sign },
      actor: 'operator',
    })
    await forged.append(FACT).catch(() => {})
    const files = [{ file, bytes: readFileSync(file) }]
    expect(codesOf(verifyLedgers(files, [key.publicKey, eve.publicKey], []))).toContain('changed')
  })
})

/** A ledger of seven entries, and what verifying says of other bytes in its place. */
async function stored() {
  const { ledger, verify, file, read, heads } = ledgerWorld()
  for (let n = 0; n < 6; n++) await ledger.append({ ...FACT, counts: { in: n } })
  const bytes = Buffer.from(read(file).bytes)
  const anchor = read(heads)
  const lines = bytes.toString().trimEnd().split('\n')
  const found = (text: string | Uint8Array) =>
    verify([{ file: 'l', bytes: Buffer.from(text) }], [anchor]).findings
  return { bytes, lines, found, verify }
}

const joined = (of: readonly string[]): string => of.map((line) => `${line}\n`).join('')

describe('any change of what is stored', () => {
  it('is none as long as there is none', async () => {
    const { bytes, lines, found } = await stored()
    expect(found(bytes)).toEqual([])
    expect(lines).toHaveLength(7)
  })

  it('of a byte is told at its line', async () => {
    const { bytes, found } = await stored()
    /** The line that holds a byte, from 1; a line end belongs to its line. */
    const lineAt = (at: number): number => bytes.subarray(0, at).toString('latin1').split('\n').length
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes)
        changed[at]! ^= change
        expect(found(changed).map(({ line }) => line)).toContain(lineAt(at))
      }),
      { numRuns: 150 },
    )
  })

  it('by a line that is gone, by two that changed places, by one that stands twice, is told where it happened', async () => {
    const { lines, found } = await stored()
    for (let n = 0; n < lines.length; n++) {
      const gone = found(joined(lines.filter((_, at) => at !== n)))
      const isLast = n === lines.length - 1
      expect(gone).toMatchObject([{ line: isLast ? n : n + 1, code: isLast ? 'cut-tail' : 'missing' }])
      const twice = found(joined(lines.flatMap((line, at) => (at === n ? [line, line] : [line]))))
      expect(twice.map(({ line, code }) => [line, code])).toEqual([[n + 2, 'repeated']])
      for (let other = n + 1; other < lines.length; other++) {
        const swapped = [...lines]
        ;[swapped[n], swapped[other]] = [lines[other]!, lines[n]!]
        const told = found(joined(swapped))
        expect(told.length).toBeGreaterThan(0)
        expect(told.every(({ code }) => ['order', 'missing'].includes(code))).toBe(true)
      }
    }
  })

  it('by an end that is cut off is told by the anchor', async () => {
    const { bytes, lines, found, verify } = await stored()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length - 1 }), (length) => {
        expect(found(bytes.subarray(0, length))).not.toEqual([])
      }),
      { numRuns: 60 },
    )
    expect(verify([{ file: 'l', bytes: Buffer.from(joined(lines.slice(0, 4))) }], []).findings).toEqual([])
  })
})

describe('an anchor', () => {
  it('is not rolled back by an older head that is appended again, however often, nor by a forged one', async () => {
    const { ledger, file, heads } = ledgerWorld()
    for (let n = 0; n < 6; n++) await ledger.append(FACT)
    const lines = readFileSync(file, 'utf8').split('\n')
    const anchored = readFileSync(heads, 'utf8')
    const older = anchored.split('\n')[2]!
    const forged = older.replace(/"key":"[0-9a-f]{16}"/, '"key":"0123456789abcdef"')
    writeFileSync(file, `${lines.slice(0, 3).join('\n')}\n`)
    for (const more of [`${older}\n`, `${older}\n`.repeat(400), `${forged}\n`]) {
      writeFileSync(heads, anchored + more)
      await expect(ledger.append(FACT)).rejects.toMatchObject({ code: 'ledger-damaged' })
    }
    // One that is as it was goes on, behind heads of others.
    writeFileSync(file, lines.join('\n'))
    writeFileSync(
      heads,
      anchored + `${older.replace(/"chain":"[0-9a-f]{32}"/, `"chain":"${'0'.repeat(32)}"`)}\n`.repeat(400),
    )
    await ledger.append(FACT)
    await ledger.append(FACT)
  })

  it('is checked itself', async () => {
    const { ledger, verify, read, file, heads } = ledgerWorld()
    for (let n = 0; n < 3; n++) await ledger.append(FACT)
    const changed = Buffer.from(
      readFileSync(heads)
        .toString()
        .replace(/"sequence":2/, '"sequence":9'),
    )
    expect(verify([read(file)], [{ file: 'heads', bytes: changed }]).findings).toMatchObject([
      { file: 'heads', line: 2, code: 'head-changed' },
    ])
    // A head under a key that was not given is not said to be changed.
    const foreign = readFileSync(heads)
      .toString()
      .replace(/"key":"[0-9a-f]{16}"/, '"key":"0123456789abcdef"')
    expect(verify([read(file)], [{ file: 'heads', bytes: Buffer.from(foreign) }]).findings).toMatchObject([
      { file: 'heads', line: 1, code: 'unknown-key', message: expect.stringContaining('0123456789abcdef') },
    ])
  })
})

describe('a disk that is full', () => {
  it('leaves no half of an entry', async () => {
    if (process.getuid?.() === 0 && !existsSync('/dev/full')) return
    const { ledger, file, key } = ledgerWorld()
    await ledger.append(FACT)
    const before = readFileSync(file)
    // A file that cannot be written: root may write any, but not a folder.
    const full = new Ledger({ file: '/dev/full', key, actor: 'operator' })
    await expect(full.append(FACT)).rejects.toMatchObject({ code: 'ledger-unwritable' })
    expect(readFileSync(file)).toEqual(before)
  })
})

describe('docs/ledger.md', () => {
  it('has an example that node:crypto alone verifies', () => {
    const page = readFileSync(join(root, 'docs/ledger.md'), 'utf8')
    const example = [...page.matchAll(/^ {4}(\{"action":.*\})$/gm)].map(([, line]) => line!)
    const heads = [...page.matchAll(/^ {4}(\{"chain":.*\})$/gm)].map(([, line]) => line!)
    const pem = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/
      .exec(page)![0]
      .replaceAll(/^ +/gm, '')
    const key = createPublicKey(pem)
    const holds = (line: string, context: string): boolean => {
      const { signature, ...members } = JSON.parse(line)
      const signed = Buffer.from(`${context}\n${JSON.stringify(members)}`)
      return verifySignature(null, signed, key, Buffer.from(signature, 'base64'))
    }
    const digest = (line: string): string => createHash('sha256').update(line).digest('hex')
    expect(example).toHaveLength(3)
    example.forEach((line, at) => {
      expect(holds(line, 'lethe-ledger-v1')).toBe(true)
      expect(JSON.parse(line).previous).toBe(at === 0 ? null : digest(example[at - 1]!))
    })
    expect(heads).toHaveLength(1)
    expect(holds(heads[0]!, 'lethe-ledger-head-v1')).toBe(true)
    expect(JSON.parse(heads[0]!)).toMatchObject({ sequence: 3, hash: digest(example[2]!) })
  })
})
