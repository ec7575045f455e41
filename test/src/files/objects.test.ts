/**
 * Objects as inputs and outputs of commands, over a server of S3 that is the test's own: it checks signatures and conditions, and
 * fails on demand. `npm run proof:s3` runs the like against a real one.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Digester } from '../../../src/files/digest.ts'
import { parseObjectName } from '../../../src/files/objects/object-name.ts'
import { ObjectOutput } from '../../../src/files/objects/object-output.ts'
import { LIMITS, openS3 } from '../../../src/files/s3/s3-store.ts'
import { TestStore } from '../../objects.ts'
import { parquetOf } from '../../parquet.ts'
import { type Ended, folder, lethe, script, warm } from '../cli/lethe.ts'

const POLICY = `policy: p
version: 1
purpose: train_ai_system
fields:
  id: { use: mask.replace, with: someone }
  note: keep
`
const CANARY = 'ZqCanaryOfNobody'
const rows = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `{"id":"${CANARY}${i}","note":"n${from + i}"}\n`).join('')
const clean = (from: number, count: number): string =>
  rows(from, count).replaceAll(new RegExp(`${CANARY}\\d+`, 'g'), 'someone')

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

const place = (files: Record<string, string> = {}): string => folder({ 'policy.yaml': POLICY, ...files })

/** Runs a batch; whatever it says, it tells no value and no secret. */
async function batch(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const ended = await warm(['batch', ...args, '-p', 'policy.yaml', '-q'], {
    cwd,
    env: { ...store.env, ...env },
  })
  const secrets = [store.env['AWS_SECRET_ACCESS_KEY']!, store.env['AWS_ACCESS_KEY_ID']!, CANARY]
  for (const secret of [...secrets, 'OfNobody']) expect(ended.stdout + ended.stderr).not.toContain(secret)
  return ended
}

/** What a refused batch says first, with its exit code. */
async function refusal(...args: Parameters<typeof batch>): Promise<readonly [number | null, string]> {
  const { code, stderr } = await batch(...args)
  return [
    code,
    stderr
      .split('\n')[0]!
      .replace('lethe: ', '')
      .replace(/127\.0\.0\.1:\d{2,}/, 'HOST'),
  ]
}

/** Names below the bucket of outputs. */
const published = (): string[] =>
  [...store.objects.keys()].filter((name) => name.startsWith('clean/')).map((name) => name.slice(6))

describe('objects', () => {
  it('are read below a prefix and written one for one, with sidecars, summary and dead letters', async () => {
    store.put('raw/in/b.ndjson', rows(10, 2))
    store.put('raw/in/a.ndjson', rows(0, 3))
    store.put('raw/in/deep/c.ndjson', `${rows(20, 1)}{"id":\n`)
    store.put('raw/in/deep/', '')
    store.put('raw/in/a.ndjson.lethe.json', '{}')
    store.put('raw/in/_SUCCESS', '')
    store.put('raw/other.ndjson', rows(90, 1))
    const cwd = place()
    const out = [
      '-o',
      's3://clean/day',
      '--summary',
      's3://clean/run.json',
      '--dead-letter',
      's3://clean/dead.ndjson',
    ]
    const told = await batch(cwd, [
      's3://raw/in/',
      '-o',
      's3://clean/day/',
      ...out.slice(2),
      '--max-dead-letters',
      '1',
    ])
    expect([told.code, told.stderr]).toEqual([3, ''])
    expect(published().sort()).toEqual([
      'day/a.ndjson',
      'day/a.ndjson.lethe.json',
      'day/b.ndjson',
      'day/b.ndjson.lethe.json',
      'day/deep/c.ndjson',
      'day/deep/c.ndjson.lethe.json',
      'dead.ndjson',
      'run.json',
    ])
    expect(store.text('clean/day/a.ndjson')).toBe(clean(0, 3))
    expect(store.text('clean/day/deep/c.ndjson')).toBe(clean(20, 1))
    expect(JSON.parse(store.text('clean/dead.ndjson')!)).toMatchObject({ input: 3, line: 2 })
    for (const name of published()) expect(store.text(`clean/${name}`)).not.toContain(CANARY)
    writeFileSync(join(cwd, 'run.json'), store.text('clean/run.json')!)
    const verified = await warm(['verify', 'run.json', 's3://clean/day/a.ndjson', 's3://raw/other.ndjson'], {
      cwd,
      env: store.env,
    })
    expect(verified.code).toBe(1)
    expect(verified.stdout).toContain('s3://clean/day/a.ndjson: output 1')
    expect(verified.stdout).toContain('s3://raw/other.ndjson: is not a file of this run')
  })

  it('are told by their first bytes, go into files and come from files, packed or not', async () => {
    const { gzipSync } = await import('node:zlib')
    store.put('raw/packed.ndjson', gzipSync(rows(0, 4)))
    const cwd = place({ 'in.csv': 'id,note\nx,1\n' })
    expect(await batch(cwd, ['s3://raw/packed.ndjson', '-o', 'out.ndjson'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe(clean(0, 4))
    expect(await batch(cwd, ['in.csv', '-o', 's3://clean/out.csv.gz'])).toMatchObject({ code: 0, stderr: '' })
    const { gunzipSync } = await import('node:zlib')
    expect(gunzipSync(store.objects.get('clean/out.csv.gz')!.bytes).toString()).toBe('id,note\nsomeone,1\n')
    const columns = await batch(cwd, ['in.csv', '-o', 's3://clean/out.parquet'])
    expect([columns.code, columns.stderr]).toEqual([0, ''])
    expect(store.text('clean/out.parquet')).toMatch(/^PAR1(?:.|\n)*PAR1$/)
    for (const args of [
      ['init', '--from', 's3://raw/packed.ndjson'],
      ['explain', 's3://raw/packed.ndjson', '-p', 'policy.yaml'],
    ])
      expect([args[0], (await warm(args, { cwd, env: store.env })).code]).toEqual([args[0], 0])
  })

  it('are read from their end where they are Parquet, by a copy that no name leads to', async () => {
    const before = readdirSync(tmpdir()).filter((name) => /^lethe-[0-9a-f]{24}$/.test(name))
    const columns = [
      { name: 'id', data: [`${CANARY}1`, `${CANARY}2`] },
      { name: 'note', data: ['n0', 'n1'] },
    ]
    store.put('raw/in.parquet', Buffer.from(parquetOf(columns)))
    const cwd = place()
    const out = ['-o', 's3://clean/out.ndjson', '--summary', 'run.json']
    expect(await batch(cwd, ['s3://raw/in.parquet', ...out])).toMatchObject({ code: 0, stderr: '' })
    expect(store.text('clean/out.ndjson')).toBe(clean(0, 2))
    const { inputs } = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8')) as { inputs: object[] }
    const { bytes } = store.objects.get('raw/in.parquet')!
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(inputs).toMatchObject([{ bytes: bytes.length, sha256 }])
    expect((await warm(['init', '--from', 's3://raw/in.parquet'], { cwd, env: store.env })).code).toBe(0)
    store.put('raw/cut.parquet', bytes.subarray(0, bytes.length - 3))
    const cut = await refusal(cwd, ['s3://raw/cut.parquet', '-o', 's3://clean/none.ndjson'])
    expect(cut).toEqual([4, expect.stringMatching(/^s3:\/\/raw\/cut.parquet: the file is damaged/)])
    expect(readdirSync(tmpdir()).filter((name) => /^lethe-[0-9a-f]{24}$/.test(name))).toEqual(before)
  })

  it('are not overwritten, unless that is asked for, and then only what stood there', async () => {
    const cwd = place({ 'in.ndjson': rows(0, 2) })
    store.put('clean/out.ndjson', 'older')
    expect(await refusal(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson'])).toEqual([
      2,
      's3://clean/out.ndjson exists already and is not overwritten',
    ])
    expect(store.text('clean/out.ndjson')).toBe('older')
    expect(await batch(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson', '--replace'])).toMatchObject({
      code: 0,
    })
    expect(store.text('clean/out.ndjson')).toBe(clean(0, 2))
    // Another writes while the run works.
    store.fault = (asked) => {
      if (asked === 'PUT /clean/out.ndjson') store.put('clean/out.ndjson', "another's")
      return undefined
    }
    const replaced = await refusal(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson', '--replace'])
    expect(replaced).toEqual([
      2,
      's3://clean/out.ndjson was written or deleted by another while this run worked; it is as the other left it',
    ])
    store.objects.clear()
    expect(await refusal(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson'])).toEqual([
      2,
      's3://clean/out.ndjson exists already and is not overwritten',
    ])
    expect(published()).toEqual(['out.ndjson'])
    expect(store.text('clean/out.ndjson')).toBe("another's")
  })

  it('are published once where the answer to that is lost', async () => {
    const cwd = place({ 'in.ndjson': rows(0, 4000) })
    store.fault = (asked, count) =>
      count === 1 && /^(PUT|POST) \S+ndjson(\?uploadId|\.lethe\.json)?$/.test(asked) ? 'lost' : undefined
    expect(await batch(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(store.asked.filter((one) => one === 'POST /clean/out.ndjson?uploadId').length).toBe(2)
    expect(store.text('clean/out.ndjson')).toBe(clean(0, 4000))
    expect(published().length).toBe(2)
  })

  it('are not mixed of two states, and not read where they changed since they were listed', async () => {
    const cwd = place()
    store.put('raw/in/a.ndjson', rows(0, 3))
    store.put('raw/in/b.ndjson', rows(0, 3))
    store.fault = (asked) => {
      if (asked === 'GET /raw/in/a.ndjson') store.put('raw/in/b.ndjson', rows(5, 3))
      return undefined
    }
    for (const act of ['changes', 'goes']) {
      const told = await refusal(cwd, ['s3://raw/in/', '-o', 's3://clean/out.ndjson'])
      expect([act, ...told]).toEqual([
        act,
        4,
        's3://raw/in/b.ndjson is another object than the one that was looked at, or is gone',
      ])
      store.fault = (asked) => {
        if (asked === 'GET /raw/in/a.ndjson') store.objects.delete('raw/in/b.ndjson')
        return undefined
      }
    }
    expect([published(), store.uploads.size]).toEqual([[], 0])
  })

  it('are not mixed of two states by a store that does not go by conditions', async () => {
    const cwd = place()
    const line = clean(0, 1)
    const [one, other] = ['a', 'b'].map((sign) =>
      Buffer.from(line.replace('n0', sign).repeat(Math.ceil((9 << 20) / line.length))),
    ) as [Buffer, Buffer]
    store.put('raw/a.ndjson', one)
    const { tag } = store.objects.get('raw/a.ndjson')!
    const part = (bytes: Buffer, from: number, etag: Record<string, string>) => {
      const to = from === 0 ? 8 << 20 : bytes.length
      const range = `bytes ${from}-${to - 1}/${bytes.length}`
      return [206, bytes.subarray(from, to), { ...etag, 'content-range': range }] as const
    }
    for (const [answer, code, told] of [
      [{ etag: '"another"' }, 4, 'is another object than the one that was looked at'],
      [{}, 4, 'the object store lacks what is asked for'],
      // As servers between that pack answers tell it.
      [{ etag: `W/${tag}` }, 0, ''],
    ] as const) {
      let gets = 0
      store.fault = (asked) => {
        if (asked !== 'GET /raw/a.ndjson') return undefined
        return gets++ === 0 ? part(one, 0, { etag: tag }) : part(code === 0 ? one : other, 8 << 20, answer)
      }
      const said = await refusal(cwd, ['s3://raw/a.ndjson', '-o', 'out.ndjson', '--replace'])
      expect(said).toEqual([code, expect.stringContaining(told)])
      expect(existsSync(join(cwd, 'out.ndjson'))).toBe(code === 0)
    }
  })

  it('keep the names that others gave them, one by one', async () => {
    // Percent signs and pluses as they are, and two normal forms of one text.
    const stems = ['a b+c%2Fd', '\u00e9', 'e\u0301', `#?;=&<>"'~`, '&amp;', ' x ', 'q', 'q.ndjson/q']
    for (const [at, stem] of stems.entries()) store.put(`raw/in/${stem}.ndjson`, rows(at, 1))
    const { code, stderr } = await batch(place(), ['s3://raw/in/', '-o', 's3://clean/'])
    expect([code, stderr]).toEqual([0, ''])
    for (const [at, stem] of stems.entries())
      expect(store.text(`clean/${stem}.ndjson`), stem).toBe(clean(at, 1))
    expect(published()).toHaveLength(2 * stems.length)
  })

  it('whose names hold controls are not quoted', async () => {
    const cwd = place()
    for (const name of ['raw/in/.a\u001b[2Jb', 'raw/in/a\nb.ndjson', 'raw/in/_a\r/b.ndjson']) {
      store.objects.clear()
      store.put(name, rows(0, 1))
      const { code, stderr } = await batch(cwd, ['s3://raw/in/', '-o', 'out.ndjson'])
      expect([code, stderr.split('\n')]).toEqual([
        2,
        [
          expect.stringMatching(/^lethe: s3:\/\/raw\/…: the name has a control character/),
          expect.stringMatching(/^ {2}-> /),
          '',
        ],
      ])
    }
  })

  it('are not read by a listing that names one twice, or another than was asked for', async () => {
    const cwd = place()
    store.put('raw/in/a.ndjson', rows(0, 3))
    const { tag } = store.objects.get('raw/in/a.ndjson')!
    const listed = (...keys: string[]): string =>
      keys.map((key) => `<Contents><Key>${key}</Key><ETag>${tag}</ETag><Size>9</Size></Contents>`).join('')
    const page = (more: string, rest: string) =>
      [
        200,
        `<ListBucketResult><IsTruncated>${more !== ''}</IsTruncated>${more}${rest}</ListBucketResult>`,
      ] as const
    let answers: (count: number) => ReturnType<typeof page> = () => page('', '')
    store.fault = (asked, count) => (asked.includes('?list-type') ? answers(count) : undefined)
    const next = (count: number) => `<NextContinuationToken>t${count}</NextContinuationToken>`
    // Two pages that overlap, as those of a listing that changes may.
    answers = (count) => page(count % 2 === 1 ? next(count) : '', listed('in/a.ndjson'))
    const args = ['s3://raw/in/', '-o', 's3://clean/out.ndjson']
    expect(await refusal(cwd, args)).toEqual([
      4,
      's3://raw/in/ cannot be listed: the object store names an object twice',
    ])
    answers = () => page('', listed('elsewhere/a.ndjson'))
    expect(await refusal(cwd, args)).toEqual([
      4,
      's3://raw/in/ cannot be listed: the object store names an object that is not below it',
    ])
    expect(published()).toEqual([])
    store.fault = undefined
    expect(
      await refusal(cwd, ['s3://raw/in/', 's3://raw/in/a.ndjson', '-o', 's3://clean/out.ndjson']),
    ).toEqual([2, 's3://raw/in/a.ndjson is named twice, and would be read twice'])
  })

  it('are not asked for elsewhere, since a server says so, nor are credentials sent there', async () => {
    const cwd = place({ 'in.ndjson': rows(0, 2) })
    store.put('raw/a.ndjson', rows(0, 3))
    const other = await TestStore.start()
    onTestFinished(() => other.stop())
    other.put('raw/a.ndjson', rows(0, 3))
    const elsewhere = other.env['AWS_ENDPOINT_URL_S3']!
    const { host } = new URL(elsewhere)
    for (const [status, code] of [
      [301, 'PermanentRedirect'],
      [302, 'Found'],
      [307, 'TemporaryRedirect'],
      [308, 'PermanentRedirect'],
      [400, 'AuthorizationHeaderMalformed'],
    ] as const) {
      const body = `<Error><Code>${code}</Code><Endpoint>${host}</Endpoint><Region>${host}/#</Region></Error>`
      const headers = { location: `${elsewhere}/raw/a.ndjson`, 'x-amz-bucket-region': `${host}/#` }
      store.fault = () => [status, body, headers]
      for (const args of [
        ['s3://raw/a.ndjson', '-o', 'out.ndjson'],
        ['s3://raw/', '-o', 'out.ndjson'],
        ['in.ndjson', '-o', 's3://clean/out.ndjson'],
      ]) {
        const ended = await batch(cwd, args)
        expect([status, args[0], ended.code === 0]).toEqual([status, args[0], false])
        expect(ended.stderr).not.toContain(host)
      }
    }
    expect(other.asked).toEqual([])
    expect(existsSync(join(cwd, 'out.ndjson'))).toBe(false)
  })

  it('are read on where a connection was cut, and no longer than that makes sense', async () => {
    const cwd = place()
    store.put('raw/a.ndjson', rows(0, 1000))
    store.fault = (asked, count) => (asked === 'GET /raw/a.ndjson' && count < 3 ? 'cut' : undefined)
    expect(await batch(cwd, ['s3://raw/a.ndjson', '-o', 'out.ndjson'])).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(join(cwd, 'out.ndjson'), 'utf8')).toBe(clean(0, 1000))
    store.fault = (asked) => (asked === 'GET /raw/a.ndjson' ? 'cut' : undefined)
    const [code, message] = await refusal(cwd, ['s3://raw/a.ndjson', '-o', 's3://clean/out.ndjson'])
    expect([code, message]).toEqual([
      4,
      expect.stringMatching(/^s3:\/\/raw\/a.ndjson: the object store ended the answer early, 5 times/),
    ])
    expect(published()).toEqual([])
  })

  it('are refused with a code for each reason, without a secret', async () => {
    const cwd = place({ 'in.ndjson': rows(0, 2) })
    store.put('raw/a.ndjson', rows(0, 2))
    store.put('raw/job/_temporary/a.ndjson', rows(0, 2))
    store.put('raw/odd/a.xml', '')
    const out = ['-o', 'out.ndjson']
    const told: (readonly [string, number | null, string])[] = []
    const ask = async (what: string, args: readonly string[], env?: Record<string, string>) => {
      told.push([what, ...(await refusal(cwd, args, env))])
    }
    const secret = { AWS_SECRET_ACCESS_KEY: 'anotherSecretOfNobody' }
    await ask('wrong secret, reading', ['s3://raw/a.ndjson', ...out], secret)
    await ask('wrong secret, writing', ['in.ndjson', '-o', 's3://clean/o.ndjson'], secret)
    await ask('no bucket, reading', ['s3://nowhere/a.ndjson', ...out])
    await ask('no bucket, writing', ['in.ndjson', '-o', 's3://nowhere/o.ndjson'])
    await ask('no object', ['s3://raw/b.ndjson', ...out])
    await ask('nothing below', ['s3://raw/none/', ...out])
    await ask('unfinished', ['s3://raw/job/', ...out])
    await ask('no format', ['s3://raw/odd/', ...out])
    await ask('no credentials', ['s3://raw/a.ndjson', ...out], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    })
    await ask('unreachable', ['s3://raw/a.ndjson', ...out], { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' })
    await ask('a password', ['s3://raw/a.ndjson', ...out], {
      AWS_ENDPOINT_URL_S3: 'http://someone:passwordOfNobody@127.0.0.1:1',
    })
    await ask('a password in the name', ['s3://someone:passwordOfNobody@raw/a.ndjson', ...out])
    await ask('itself', ['s3://raw/a.ndjson', '-o', 's3://raw/a.ndjson', '--replace'])
    await ask('twice', ['in.ndjson', '-o', 's3://clean/o.ndjson', '--summary', 's3://clean/o.ndjson'])
    for (const [status, code] of [
      [503, 'SlowDown'],
      [403, 'AccessDenied'],
      [500, 'passwordOfNobody'],
      [418, 'passwordOfNobody'],
      [404, 'passwordOfNobody'],
    ] as const) {
      store.fault = (asked) =>
        asked === 'GET /raw/a.ndjson' ? [status, `<Error><Code>${code}</Code></Error>`] : undefined
      await ask(`${status}`, ['s3://raw/a.ndjson', ...out])
    }
    expect(told.map((one) => one.join('; '))).toMatchInlineSnapshot(`
      [
        "wrong secret, reading; 4; s3://raw/a.ndjson cannot be read: the object store refuses the credentials (SignatureDoesNotMatch, status 403)",
        "wrong secret, writing; 4; s3://clean/o.ndjson cannot be written: the object store refuses the credentials (SignatureDoesNotMatch, status 403)",
        "no bucket, reading; 4; the bucket nowhere does not exist",
        "no bucket, writing; 4; the bucket nowhere does not exist",
        "no object; 4; s3://raw/b.ndjson does not exist",
        "nothing below; 4; no object with records lies below s3://raw/none/",
        "unfinished; 2; s3://raw/job/_temporary/a.ndjson is named as files are that a job has not finished, or keeps for itself",
        "no format; 2; s3://raw/odd/a.xml: the name does not tell a format",
        "no credentials; 2; no credentials for the object store are found, or they cannot be fetched",
        "unreachable; 4; s3://raw/a.ndjson cannot be read: the object store at http://127.0.0.1:1 does not answer, or the connection broke",
        "a password; 2; AWS_ENDPOINT_URL_S3 holds a user or a password",
        "a password in the name; 2; what follows s3:// is no name of a bucket: 3 to 63 of a-z, 0-9, - and .",
        "itself; 2; s3://raw/a.ndjson is input 1: it would be overwritten",
        "twice; 2; s3://clean/o.ndjson would be written twice",
        "503; 4; s3://raw/a.ndjson cannot be read: the object store at http://HOST has no time for it now (SlowDown, status 503)",
        "403; 4; s3://raw/a.ndjson cannot be read: the object store does not allow it (AccessDenied, status 403)",
        "500; 4; s3://raw/a.ndjson cannot be read: the object store at http://HOST has no time for it now (status 500)",
        "418; 4; s3://raw/a.ndjson cannot be read: the object store refuses it (status 418)",
        "404; 4; s3://raw/a.ndjson cannot be read: the object store refuses it (status 404)",
      ]
    `)
    expect(readdirSync(cwd).sort()).toEqual(['in.ndjson', 'policy.yaml'])
    expect([published(), store.uploads.size]).toEqual([[], 0])
  })

  it('say what is to be installed where the client is not', async () => {
    const hook = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent("export const resolve = (name, context, next) => { if (name.startsWith('@aws-sdk/')) throw new Error('none'); return next(name, context) }"))`
    const cwd = place({ 'hook.mjs': hook })
    const { code, stderr } = await lethe(
      ['batch', 's3://raw/a.ndjson', '-p', 'policy.yaml', '-o', 'o.ndjson'],
      {
        cwd,
        env: { ...store.env, NODE_OPTIONS: `--import ./hook.mjs` },
      },
    )
    expect([code, stderr]).toEqual([
      2,
      'lethe: objects are read and written by the package @aws-sdk/client-s3, which is not installed here\n  -> npm install @aws-sdk/client-s3@3\n',
    ])
  })

  it('are written to stores that know no checksums, too', async () => {
    const cwd = place({ 'in.ndjson': rows(0, 4000) })
    store.knowsChecksums = false
    onTestFinished(() => {
      store.knowsChecksums = true
    })
    for (const [at, how] of ['when_supported', 'when_required'].entries()) {
      const out = `s3://clean/${at}.ndjson`
      const told = await batch(cwd, ['in.ndjson', '-o', out], { AWS_REQUEST_CHECKSUM_CALCULATION: how })
      expect([how, told.code, told.stderr]).toEqual([how, 0, ''])
      expect(store.text(`clean/${at}.ndjson`)).toBe(clean(0, 4000))
    }
  })

  it('are written in parts, of bounded memory, and leave no part where they are given up', async () => {
    for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const client = await openS3(process.env, { ...LIMITS, attempts: 1 })
    const open = (key: string) =>
      new ObjectOutput({
        store: client,
        name: parseObjectName(`s3://clean/${key}`),
        digester: new Digester(),
        standing: 'nothing',
      })
    const bytes = Buffer.alloc(12 << 20, 'a line of it\n')
    const whole = open('large')
    for (let at = 0; at < 3; at++) await whole.append(bytes)
    await whole.finish()
    expect(published()).toEqual([])
    expect(
      [...store.uploads.values()].map(({ parts }) =>
        [...parts].sort(([a], [b]) => a - b).map(([, part]) => part.length >> 20),
      ),
    ).toEqual([[16, 16, 4]])
    await whole.publish()
    expect(
      Buffer.compare(store.objects.get('clean/large')!.bytes, Buffer.concat([bytes, bytes, bytes])),
    ).toBe(0)
    expect(whole.digest?.bytes).toBe(36 << 20)
    const given = open('given-up')
    for (let at = 0; at < 2; at++) await given.append(bytes)
    await given.discard()
    await given.discard()
    await expect(given.publish()).rejects.toThrow('the run was given up')
    expect([published(), store.uploads.size]).toEqual([['large'], 0])
    // A store that fails in the midst of it.
    store.fault = (asked) => (asked === 'PUT /clean/failing?partNumber?uploadId' ? [500, ''] : undefined)
    const failing = open('failing')
    await failing.append(bytes)
    await failing.append(bytes)
    await expect(failing.finish()).rejects.toMatchObject({ code: 'store-unavailable' })
    await failing.discard()
    expect([published(), store.uploads.size]).toEqual([['large'], 0])
  })

  it('that are whole and many wait in the store for their names, and not in memory', async () => {
    for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    const client = await openS3(process.env)
    const finished = async (count: number) => {
      const outputs: ObjectOutput[] = []
      for (let at = 0; at < count; at++) {
        const name = parseObjectName(`s3://clean/small/${at}`)
        const own = { store: client, digester: undefined, standing: 'nothing', smallBytes: 1 << 20 } as const
        const output = new ObjectOutput({ ...own, name })
        await output.append(Buffer.alloc(1 << 20, `${at} `))
        await output.finish()
        outputs.push(output)
      }
      return outputs
    }
    // 16 MiB of them are kept, once what was kept is published, or given up.
    for (const isGivenUp of [true, false]) {
      const outputs = await finished(20)
      expect([published(), store.uploads.size]).toEqual([[], 4])
      for (const output of outputs) await (isGivenUp ? output.discard() : output.publish())
      expect([published().length, store.uploads.size]).toEqual([isGivenUp ? 0 : 20, 0])
    }
    for (const at of [0, 15, 19])
      expect(store.text(`clean/small/${at}`)).toBe(Buffer.alloc(1 << 20, `${at} `).toString())
  })

  it('leave nothing behind where the run fails or is interrupted', async () => {
    const cwd = place({ 'in.ndjson': `${rows(0, 2000)}{"id":\n` })
    const [code] = await refusal(cwd, ['in.ndjson', '-o', 's3://clean/out.ndjson', '--max-dead-letters', '0'])
    expect([code, published(), store.uploads.size]).toEqual([3, [], 0])
    const long = `{"id":"x","note":"${'n'.repeat(500_000)}"}\n`
    const child = spawn(
      process.execPath,
      [script, 'batch', '-', '--format', 'ndjson', '-p', 'policy.yaml', '-o', 's3://clean/out.ndjson'],
      { cwd, env: { ...process.env, ...store.env }, stdio: ['pipe', 'ignore', 'pipe'] },
    )
    let stderr = ''
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString()
    })
    child.stdin.on('error', () => {})
    const begun = new Promise<void>((resolve) => {
      store.fault = (asked) => {
        if (asked.startsWith('PUT /clean/out.ndjson?partNumber')) resolve()
        return undefined
      }
    })
    for (let at = 0; at < 50; at++) child.stdin.write(long)
    await begun
    expect(store.uploads.size).toBe(1)
    child.kill('SIGTERM')
    const [ended] = await once(child, 'close')
    expect([ended, stderr, published(), store.uploads.size]).toEqual([130, '', [], 0])
    expect(existsSync(join(cwd, 'out.ndjson'))).toBe(false)
  })
})
