/**
 * Who is forgotten stays forgotten: a subject goes on the list, keys of tokens and match keys are rotated and disabled, everything is
 * read again from the earliest record, and nothing of the subject comes out, in files and in messages.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { loadGateData } from '../../../src/gates/gate-data.ts'
import { Keyring } from '../../../src/keys/keyring.ts'
import { addKey, createKeyset, disableKey, type Keyset, promoteKey } from '../../../src/keys/keyset.ts'
import { MatchKeys } from '../../../src/keys/match-keys.ts'
import { changeList, createList } from '../../../src/lists/list-writer.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { padded } from '../../../src/record/codec.ts'
import { ChunkRewriter } from '../../../src/run/chunk-work.ts'
import { createMessageDeidentifier } from '../../../src/run/message-deidentifier.ts'
import { hmacSha256 } from '../../../transforms/keyed.ts'
import { flatOf } from '../engine/flat-outcome.ts'

const folder = mkdtempSync(join(tmpdir(), 'lethe-forgotten-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = new Date('2026-03-01T00:00:00Z')
/** No token holds one by chance: it has no spaces. */
const SUBJECTS = ['person 1', 'person 2', 'person 3', 'person 4'] as const
const text = `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: hash.hmac, domain: id }
  old: { use: hash.hmac, domain: id, from: id, key: KEY }
  n: keep
  $key: { use: hash.hmac, domain: id }
suppression: [{ list: erasures, by: id }]
`

const rotated = (keyset: Keyset): Keyset => {
  const added = addKey(keyset, NOW)
  return promoteKey(added, added.keys.at(-1)!.id)
}

/** The token of a subject under every key that there ever was, whatever became of it. */
const tokensOf = (keyset: Keyset, subject: string): string[] =>
  keyset.keys.map(({ id }) => {
    const enabled = {
      ...keyset,
      primary: id,
      keys: keyset.keys.map((key) => ({ ...key, status: 'enabled' as const })),
    }
    const key = Keyring.fromKeyset(enabled).key('token', 'id', id)
    return `${id}.${hmacSha256(key.bytes)(subject).subarray(0, 16).toString('base64url')}`
  })

let files = 0

it('is so over any order of events, erasures and rotations', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('event' as const),
        who: fc.constantFrom(...SUBJECTS),
        broken: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('forget' as const), who: fc.constantFrom(...SUBJECTS) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('rotate' as const, 'disable' as const, 'match' as const),
      }),
    },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
      const list = join(folder, `list-${files++}`)
      await createList(list, { purpose: 'suppression', domain: 'erasures', normalize: 'trim' })
      let keyset = createKeyset(NOW)
      let match = createKeyset(NOW, randomBytes, 'match')
      const events: { readonly who: string; readonly line: string; readonly isBroken: boolean }[] = []
      const forgotten = new Set<string>()
      for (const one of steps) {
        if (one.kind === 'event') {
          const n = events.length
          // Something else is wrong with it: an object where a number should stand.
          const line = JSON.stringify({ id: one.who, n: one.broken ? { n } : n })
          events.push({ who: one.who, line, isBroken: one.broken })
        } else if (one.kind === 'forget') {
          await changeList(list, 'add', [one.who], new MatchKeys(match), NOW)
          forgotten.add(one.who)
        } else if (one.kind === 'rotate') keyset = rotated(keyset)
        else if (one.kind === 'match') match = rotated(match)
        else
          for (const { id, status } of keyset.keys)
            if (id !== keyset.primary && status === 'enabled') keyset = disableKey(keyset, id)
      }
      const keys = Keyring.fromKeyset(keyset)
      const source = {
        file: 'p.yaml',
        text: text.replace('KEY', keyset.primary),
        readFile: () => new Uint8Array(),
      }
      const compiled = compilePolicy(source, { keys })
      const data = loadGateData(
        [compiled.plan!],
        { lists: new Map([['erasures', { file: list }]]) },
        new MatchKeys(match),
      )

      const messages = createMessageDeidentifier(source, compiled, {
        keys,
        now: NOW.getTime(),
        compacted: true,
        data,
      })
        .deidentify(
          events.map(({ who, line }) => ({
            key: Buffer.from(who),
            value: Buffer.from(line),
            headers: [],
            timestamp: 0,
          })),
        )
        .map(flatOf)
      expect(messages.map(({ kind }) => kind)).toEqual(
        events.map(({ who, isBroken }) =>
          forgotten.has(who) ? 'suppress' : isBroken ? 'dead-letter' : 'publish',
        ),
      )
      const bytes = Buffer.from(events.map(({ line }) => `${line}\n`).join(''))
      const chunk = new ChunkRewriter(compiled.plan!, { now: NOW.getTime(), data }, undefined).rewrite({
        layoutId: 0,
        layout: { format: 'ndjson' },
        bytes: padded(bytes) as Uint8Array<ArrayBuffer>,
        length: bytes.length,
        offset: 0,
      })
      const written = [
        Buffer.from(chunk.output).toString(),
        ...messages.flatMap(({ value, key }) =>
          [value, key].map((part) => (part ? Buffer.from(part).toString() : '')),
        ),
      ].join('\n')
      for (const who of forgotten)
        for (const trace of [who, createHash('sha256').update(who).digest('hex'), ...tokensOf(keyset, who)])
          expect(written).not.toContain(trace)
      // Of the others everything is there, so that the search would have found it.
      for (const { who, isBroken } of events)
        if (!forgotten.has(who) && !isBroken)
          expect(tokensOf(keyset, who).some((token) => written.includes(token))).toBe(true)
      expect(chunk.deadLetters.length).toBe(
        events.filter(({ who, isBroken }) => isBroken && !forgotten.has(who)).length,
      )
    }),
    { numRuns: 15 },
  )
})
