/** `lethe batch --partition-by` below a prefix of an object store: with `_SUCCESS` whole, and without it nothing that counts. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { TestStore } from '../../objects.ts'
import { type Ended, folder, script, warm } from '../cli/lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: mask.replace, with: someone }
  country: keep
  note: keep
`
const CANARY = 'ZqCanaryOfNobody'
const ROWS = Array.from(
  { length: 12 },
  (_, at) => `{"id":"${CANARY}${at}","country":"C${at % 4}","note":"n${at}"}\n`,
).join('')
const SET = 's3://clean/set/'

let store: TestStore
beforeAll(async () => {
  store = await TestStore.start()
})
afterAll(async () => {
  await store.stop()
})
beforeEach(() => {
  store.objects.clear()
  store.uploads.clear()
  store.asked.length = 0
  store.fault = undefined
})

const place = (): string => folder({ 'policy.yaml': POLICY, 'in.ndjson': ROWS })
async function batch(cwd: string, ...args: string[]): Promise<Ended> {
  const own = ['-p', 'policy.yaml', '-q', '--partition-by', 'country']
  const ended = await warm(['batch', ...args, ...own], { cwd, env: { ...store.env, TMPDIR: cwd } })
  expect(ended.stdout + ended.stderr).not.toContain(CANARY)
  // What was made on the disk is gone, whatever came of it.
  expect(readdirSync(cwd).filter((name) => name.startsWith('lethe-'))).toEqual([])
  return ended
}
const names = (): string[] => [...store.objects.keys()].filter((name) => name.startsWith('clean/set/')).sort()
const writes = (): string[] => store.asked.filter((one) => /^(?:PUT|POST|DELETE) /.test(one))

it('has the files that it would have on a disk, _SUCCESS last, and is an input', async () => {
  const cwd = place()
  expect((await batch(cwd, 'in.ndjson', '-o', 'set/', '--as-of', '2026-01-01')).code).toBe(0)
  const summary = ['--summary', 's3://clean/run.json', '--as-of', '2026-01-01']
  const { code, stderr } = await batch(cwd, 'in.ndjson', '-o', SET, ...summary)
  expect([code, stderr]).toEqual([0, ''])
  const local = readdirSync(join(cwd, 'set'), { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(cwd, 'set', name)).isFile())
    .sort()
  expect(names()).toEqual(local.map((name) => `clean/set/${name}`))
  expect(local).toHaveLength(6)
  for (const name of local)
    expect(store.text(`clean/set/${name}`), name).toBe(readFileSync(join(cwd, 'set', name), 'utf8'))
  expect(writes().slice(-4)).toEqual([
    'PUT /clean/set/_manifest.json',
    'PUT /clean/set/_SUCCESS',
    'DELETE /clean/set/_writing',
    'PUT /clean/run.json',
  ])
  const read = await warm(['batch', SET, '-p', 'policy.yaml', '-q', '-o', 'out.ndjson'], {
    cwd,
    env: store.env,
  })
  expect([read.code, read.stderr]).toEqual([0, ''])
  expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8').split('\n')).toHaveLength(13)
  const again = await batch(cwd, 'in.ndjson', '-o', SET)
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("takes no other's place")])
  // By a summary that is kept elsewhere it is verified, file by file.
  writeFileSync(join(cwd, 'run.json'), store.text('clean/run.json')!)
  const verify = async () => {
    const told = await warm(['verify', 'run.json', SET, '--format', 'json'], { cwd, env: store.env })
    return [
      told.code,
      told.stderr.split('\n')[0],
      told.stdout === '' ? [] : JSON.parse(told.stdout).files.map((one: { ok: boolean }) => one.ok),
    ]
  }
  expect(await verify()).toEqual([0, '', [true, true, true, true, true]])
  const part = 'clean/set/country=C1/part-00001.ndjson'
  store.put(part, `${store.text(part)}{}\n`)
  expect(await verify()).toEqual([1, expect.anything(), [true, true, false, true, true]])
  store.objects.delete(part)
  expect((await verify()).slice(0, 2)).toEqual([
    4,
    expect.stringContaining('C1/part-00001.ndjson is not there'),
  ])
  store.objects.delete('clean/set/_SUCCESS')
  expect((await verify()).slice(0, 2)).toEqual([4, expect.stringContaining('_SUCCESS is not there')])
})

it('is verified by one look at its manifest, and not by what stands beside its rows', async () => {
  const cwd = place()
  store.fault = (request) => (request.startsWith('DELETE ') ? [403, ''] : undefined)
  expect((await batch(cwd, 'in.ndjson', '-o', SET, '--summary', 'run.json')).code).toBe(0)
  store.fault = undefined
  const verify = async (...args: string[]) => {
    const { code, stdout, stderr } = await warm(['verify', 'run.json', SET, ...args], { cwd, env: store.env })
    return [code, `${stdout}${stderr}`]
  }
  // The mark that could not be deleted, and what consoles write for a folder.
  store.put('clean/set/', '')
  store.put('clean/set/country=C1/', '')
  expect(names()).toContain('clean/set/_writing')
  expect(await verify()).toEqual([0, expect.not.stringContaining('is not a file of this run')])
  // What is called as a sidecar is one of a file of the set.
  store.put('clean/set/country=C1/rows.ndjson.lethe.json', '{"id":"forged"}\n')
  expect(await verify()).toEqual([
    1,
    expect.stringContaining('rows.ndjson.lethe.json: is not a file of this run'),
  ])
  store.objects.delete('clean/set/country=C1/rows.ndjson.lethe.json')
  // Another manifest, which names other rows, and is the run's again when its digest is taken.
  const [manifest, part] = ['clean/set/_manifest.json', 'clean/set/country=C0/part-00000.ndjson']
  const own = store.text(manifest)!
  const forged = JSON.parse(own) as { files: { file: string; bytes: number; sha256: string }[] }
  const rows = '{"id":"forged"}\n'
  const sha256 = createHash('sha256').update(rows).digest('hex')
  Object.assign(forged.files.find(({ file }) => part.endsWith(file))!, { bytes: rows.length, sha256 })
  store.put(part, rows)
  for (let looks = 1; looks <= 6; looks++) {
    store.put(manifest, JSON.stringify(forged))
    let seen = 0
    store.fault = (request) => {
      if (request.endsWith(` /${manifest}`) && ++seen === looks) store.put(manifest, own)
      return undefined
    }
    expect((await verify())[0], `${looks}`).not.toBe(0)
  }
  // A listing that names one twice, or another, is none.
  store.fault = undefined
  const { tag } = store.objects.get(manifest)!
  const listed = (...keys: string[]) =>
    keys.map((key) => `<Contents><Key>${key}</Key><ETag>${tag}</ETag><Size>9</Size></Contents>`).join('')
  for (const keys of [['set/_manifest.json', 'set/_manifest.json'], ['other/a.ndjson']]) {
    store.fault = (request) =>
      request.includes('?list-type')
        ? [200, `<ListBucketResult><IsTruncated>false</IsTruncated>${listed(...keys)}</ListBucketResult>`]
        : undefined
    expect(await verify()).toEqual([4, expect.stringContaining('cannot be listed')])
  }
})

it('that fails takes back what it wrote; where it may not, what is left has no _SUCCESS', async () => {
  const cwd = place()
  const failing = (at: number, answer: ReturnType<NonNullable<TestStore['fault']>>): void => {
    let puts = 0
    store.fault = (request) => (request.startsWith('PUT ') && ++puts >= at ? answer : undefined)
  }
  const denied = [403, '<Error><Code>AccessDenied</Code></Error>'] as const
  for (let at = 1; at <= 7; at++) {
    failing(at, denied)
    const { code, stderr } = await batch(cwd, 'in.ndjson', '-o', SET)
    expect([code, stderr, names()]).toEqual([4, expect.stringContaining('does not allow it'), []])
  }
  let puts = 0
  store.fault = (request) =>
    request.startsWith('DELETE ') || (request.startsWith('PUT ') && ++puts >= 4) ? denied : undefined
  const { code, stderr } = await batch(cwd, 'in.ndjson', '-o', SET)
  expect([code, stderr]).toEqual([
    4,
    expect.stringContaining('3 objects that were written below it stay there'),
  ])
  expect(names()).toHaveLength(3)
  expect(names()).not.toContain('clean/set/_SUCCESS')
  store.fault = undefined
  const next = await batch(cwd, 'in.ndjson', '-o', SET)
  expect([next.code, next.stderr]).toEqual([2, expect.stringMatching(/output-conflict|_writing|takes no/)])
  // Nor does a reader take it.
  const read = await warm(['batch', SET, '-p', 'policy.yaml', '-q', '-o', 'out.ndjson'], {
    cwd,
    env: store.env,
  })
  expect([read.code, read.stderr]).toEqual([2, expect.stringContaining('_writing is named as files are')])
})

it('of which one object cannot be taken back is no input: what says that it is not whole stays', async () => {
  const cwd = place()
  const kept = 'clean/set/country=C1/part-00001.ndjson'
  for (const refused of [
    [403, ''],
    [404, '<Error><Code>NoSuchKey</Code></Error>'],
  ] as const) {
    store.objects.clear()
    store.fault = (request) =>
      request === `DELETE /${kept}`
        ? refused
        : request === 'PUT /clean/set/_manifest.json'
          ? [403, '']
          : undefined
    const { code, stderr } = await batch(cwd, 'in.ndjson', '-o', SET)
    expect([code, stderr]).toEqual([
      4,
      expect.stringContaining('2 objects that were written below it stay there'),
    ])
    expect(names()).toEqual(['clean/set/_writing', kept])
    store.fault = undefined
    const args = ['batch', SET, '-p', 'policy.yaml', '-q', '-o', 'out.ndjson']
    const read = await warm(args, { cwd, env: store.env })
    expect([read.code, read.stderr]).toEqual([2, expect.stringContaining('_writing is named as files are')])
  }
})

it('under any faults is whole and counts, or does not count and is no input', {
  timeout: 300_000,
}, async () => {
  const cwd = place()
  const told = (status: number, code: string) => [status, `<Error><Code>${code}</Code></Error>`] as const
  type Fault = ReturnType<NonNullable<TestStore['fault']>>
  const fault = fc.record({
    verb: fc.constantFrom('PUT ', 'HEAD ', 'GET ', 'DELETE ', ''),
    from: fc.nat(16),
    count: fc.constantFrom(1, 1, 1, 2, 3, 100),
    act: fc.constantFrom<Fault>(
      ...(['lost', 'broken', 'cut'] as const),
      ...[told(503, 'SlowDown'), told(500, 'InternalError'), told(409, 'ConditionalRequestConflict')],
      ...[told(403, 'AccessDenied'), told(403, 'ExpiredToken'), told(404, 'NoSuchKey')],
      told(412, 'PreconditionFailed'),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 3 }), async (faults) => {
      store.objects.clear()
      const seen = faults.map(() => 0)
      store.fault = (request) =>
        faults.find(({ verb, from, count }, at) => {
          if (!request.startsWith(verb)) return false
          const place = seen[at]!++
          return place >= from && place < from + count
        })?.act
      const { code, stderr } = await batch(cwd, 'in.ndjson', '-o', SET)
      store.fault = undefined
      const rest = names().filter((name) => name !== 'clean/set/_writing')
      const counts = rest.includes('clean/set/_SUCCESS')
      expect([code === 0, rest.length], stderr).toEqual([code === 0 && counts, counts ? 6 : rest.length])
      // Nothing stays that is not told of.
      if (code !== 0 && rest.length > 0)
        expect(stderr).toMatch(counts ? /count if it is there/ : /stay there/)
      const args = ['batch', SET, '-p', 'policy.yaml', '-q', '-o', 'out.ndjson', '--replace']
      const read = await warm(args, { cwd, env: store.env })
      expect(read.code === 0, `${stderr}${read.stderr}`).toBe(counts)
    }),
    { numRuns: 5 },
  )
})

it('is published once where answers are lost, and connections break', async () => {
  for (const fault of ['lost', 'broken'] as const) {
    store.objects.clear()
    const seen = new Set<string>()
    store.fault = (request) => {
      if (!request.startsWith('PUT ') || seen.has(request)) return undefined
      seen.add(request)
      return fault
    }
    const { code, stderr } = await batch(place(), 'in.ndjson', '-o', SET)
    expect([code, stderr]).toEqual([0, ''])
    expect(names()).toHaveLength(6)
  }
})

it('is whole or nothing where the answer to its last object is lost, and the store then refuses to say more', async () => {
  const success = 'clean/set/_SUCCESS'
  const denied = (code: string) => [403, `<Error><Code>${code}</Code></Error>`] as const
  for (const [what, act, then, heads] of [
    // The rights, or the credentials, end with the first try; who may write may not look.
    ['stands', 'lost', 'AccessDenied', 'may look'],
    ['stands', 'lost', 'AccessDenied', 'may not'],
    ['stands', 'lost', 'ExpiredToken', 'may not'],
    ['stands', 'lost', undefined, 'may not'],
    ['nothing', 'broken', 'AccessDenied', 'may look'],
  ] as const) {
    store.objects.clear()
    let puts = 0
    store.fault = (request) => {
      if (request === `PUT /${success}`) return ++puts === 1 ? act : then && denied(then)
      return puts > 0 && heads === 'may not' && /^(?:HEAD|GET) /.test(request)
        ? denied('AccessDenied')
        : undefined
    }
    const { code, stderr } = await batch(place(), 'in.ndjson', '-o', SET)
    const isKnown = heads === 'may look'
    expect([then, code, stderr]).toEqual([
      then,
      what === 'stands' && isKnown ? 0 : 4,
      isKnown
        ? expect.stringMatching(what === 'stands' ? /^$/ : /does not allow it/)
        : expect.stringContaining('does not say whether the object was published'),
    ])
    // With _SUCCESS all is there.
    expect(names().filter((name) => !name.endsWith('_writing'))).toHaveLength(what === 'stands' ? 6 : 0)
  }
})

it('of which an answer is lost in the midst is taken back, that object too', async () => {
  const part = 'PUT /clean/set/country=C2/part-00002.ndjson'
  let gone = false
  store.fault = (request) => {
    if (request === part) gone = true
    if (!gone) return undefined
    return request === part ? 'lost' : /^HEAD /.test(request) ? 'broken' : undefined
  }
  const { code, stderr } = await batch(place(), 'in.ndjson', '-o', SET)
  expect([code, stderr]).toEqual([4, expect.stringContaining('does not say whether')])
  expect(names()).toEqual([])
})

it('no part of one that is not whole is an input, and one is whole where its mark could not be deleted', async () => {
  const cwd = place()
  const read = async (name: string) => {
    const args = ['batch', name, '-p', 'policy.yaml', '-q', '-o', 'out.ndjson', '--replace']
    const { code, stderr } = await warm(args, { cwd, env: store.env })
    return [code, stderr.split('\n')[0]]
  }
  for (const set of ['s3://clean/set/', 's3://clean/']) {
    store.objects.clear()
    store.fault = (request) => (request.startsWith('DELETE ') ? [403, ''] : undefined)
    expect((await batch(cwd, 'in.ndjson', '-o', set)).code).toBe(0)
    store.fault = undefined
    const at = set.slice('s3://'.length)
    expect(store.objects.has(`${at}_writing`)).toBe(true)
    for (const name of [set, `${set}country=C1/`]) expect(await read(name), name).toEqual([0, ''])
    store.objects.delete(`${at}_SUCCESS`)
    for (const name of [set, `${set}country=C1/`])
      expect(await read(name), name).toEqual([2, expect.stringContaining('_writing is named as files are')])
  }
})

it('is of one run alone: what another one writes meanwhile, or left, ends it', async () => {
  const cwd = place()
  store.fault = (request) => {
    if (request.startsWith('PUT /clean/set/_writing')) store.put('clean/set/other.ndjson', 'x\n')
    return undefined
  }
  const late = await batch(cwd, 'in.ndjson', '-o', SET)
  expect([late.code, late.stderr]).toEqual([2, expect.stringContaining("takes no other's place")])
  expect(names()).toEqual(['clean/set/other.ndjson'])
  store.objects.clear()
  store.fault = (request) => {
    if (request.startsWith('PUT /clean/set/_writing')) store.put('clean/set/_writing', 'another')
    return undefined
  }
  const second = await batch(cwd, 'in.ndjson', '-o', SET)
  expect([second.code, second.stderr]).toEqual([
    2,
    expect.stringContaining('another run writes a data set there'),
  ])
  expect(names()).toEqual(['clean/set/_writing'])
})

it('that is killed, or interrupted, leaves no _SUCCESS', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    store.objects.clear()
    const cwd = place()
    const args = ['batch', 'in.ndjson', '-o', SET, '-p', 'policy.yaml', '-q', '--partition-by', 'country']
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env: { ...process.env, ...store.env, TMPDIR: cwd },
      stdio: 'ignore',
    })
    let puts = 0
    store.fault = async (request) => {
      if (!request.startsWith('PUT ') || ++puts !== 3) return undefined
      child.kill(signal)
      if (signal === 'SIGKILL') return 'lost'
      // Until this is answered the manifest is not begun: it hears of the signal before.
      await sleep(1000)
      return undefined
    }
    const [code] = await once(child, 'close')
    if (signal === 'SIGKILL') {
      expect([code, names()[0]]).toEqual([null, 'clean/set/_writing'])
      // Files are written several at once: which of them came first is not told.
      expect(names()[1]).toMatch(/^clean\/set\/country=C\d\/part-0000\d\.ndjson$/)
      expect(names()).not.toContain('clean/set/_SUCCESS')
    } else if (code === 130) expect(names()).toEqual([])
    // It heard of it when all was there.
    else expect(names()).toContain('clean/set/_SUCCESS')
  }
})
