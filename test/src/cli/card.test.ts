/** `lethe card`: what its documents tell of a run and what they never tell, what it refuses, and what it sends. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { hasSchemas, misfits } from '../cards/openlineage-schemas.ts'
import { KEYS } from './batch-inputs.ts'
import { type Ended, folder, warm } from './lethe.ts'

// biome-ignore lint/suspicious/noExplicitAny: documents of many forms, whose members are compared with values
type Loose = any

const POLICY = `policy: people
version: 4
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: secret-domain }
  at: { use: generalize.date, to: day, zone: UTC }
  town: { use: generalize.hierarchy, file: towns-file.csv, level: 1, role: quasi-identifier, category: user.contact.address.city }
  "items[].sku": keep
  copy: { from: town, use: mask.replace, with: town, when: { kind: [secret-kind] } }
  kind: drop
retention: { steps: [{ after: 100d, then: suppress }] }
`
  .replace('  copy: {', '  copy:\n    - {')
  .replace('[secret-kind] } }\n', '[secret-kind] } }\n    - drop\n')
const NOW = ['--as-of', '2026-06-01T00:00:00Z']
const FACTS = `name: "People: <script>alert(1)</script>"
description: "One.\\n\\n---\\n[x](https://evil.example) | two"
version: "1.0"
license: CC-BY-4.0
url: https://data.example.com/people
creator: { name: Example }
published: 2026-06-02
keywords: ["yes", "a: b"]
`

/** 60 people with an event each; one of them is too old, so one record is withheld. */
const events = Array.from({ length: 60 }, (_, i) =>
  JSON.stringify({
    id: `ZqCanary-${i}`,
    at: i === 7 ? '2025-01-01T00:00:00Z' : '2026-05-01T00:00:00Z',
    town: i % 2 === 0 ? 'Ulm' : 'Bonn',
    kind: 'secret-kind',
    items: [{ sku: `s${i}` }],
  }),
)

const place = (): string => {
  const cwd = folder({
    'p.yaml': POLICY,
    'towns-file.csv': 'Ulm;south\nBonn;west\nAachen;west\nPassau;south\n',
    'in.ndjson': `${events.join('\n')}\n`,
    'card.yaml': FACTS,
  })
  writeFileSync(join(cwd, 'keys.json'), KEYS, { mode: 0o600 })
  return cwd
}
const batch = async (cwd: string, code: number, ...args: string[]): Promise<void> => {
  const all = [
    'batch',
    'in.ndjson',
    '-p',
    'p.yaml',
    '--keys',
    'keys.json',
    ...NOW,
    '--summary',
    'run.json',
    ...args,
  ]
  const ended = await warm(all, { cwd })
  expect(ended.code, ended.stderr).toBe(code)
}
const card = (cwd: string, ...args: string[]): Promise<Ended> =>
  warm(['card', 'run.json', ...args], { cwd, env: { LETHE_OPENLINEAGE_TOKEN: '' } })
const read = (cwd: string, file: string): string => readFileSync(join(cwd, file), 'utf8')
const eventsOf = (text: string): Loose[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Loose)
const ALL = ['README.md', 'ab2013.md', 'contract.odcs.yaml', 'croissant.jsonld', 'openlineage.events']

/** Events, and every facet by the schema that it names. */
function holdToSchemas(all: readonly Loose[]): void {
  if (!hasSchemas()) return
  for (const event of all) {
    expect(misfits(event, 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent')).toEqual([])
    const sides = [event['run'], ...event['inputs'], ...event['outputs']]
    const facets = sides.flatMap((side) =>
      [side.facets, side.inputFacets, side.outputFacets].flatMap((one) => Object.values(one ?? {})),
    )
    for (const facet of facets as { _schemaURL: string }[])
      expect(misfits(facet, facet._schemaURL)).toEqual([])
  }
}

describe('lethe card', () => {
  it('makes five documents of a run, in which no value stands, nor what an option names', async () => {
    const cwd = place()
    await batch(cwd, 0, '-o', 'clean.ndjson', '--measure', 'measure.json')
    const ended = await card(
      cwd,
      'clean.ndjson',
      '-p',
      'p.yaml',
      '--measure',
      'measure.json',
      '--facts',
      'card.yaml',
      '-o',
      'cards',
    )
    expect(ended.code, ended.stderr).toBe(0)
    expect(readdirSync(join(cwd, 'cards')).sort()).toEqual(ALL)
    const texts = ALL.map((file) => read(cwd, join('cards', file)))
    for (const text of [...texts, ended.stdout, ended.stderr])
      for (const untold of ['ZqCanary', 'secret-domain', 'secret-kind', 'towns-file', 'in.ndjson', cwd])
        expect(text).not.toContain(untold)
    const [hugging, training, contract, croissant, lineage] = texts as [
      string,
      string,
      string,
      string,
      string,
    ]

    // One record is withheld: neither it nor what was read is told, as one would give the other.
    for (const text of [hugging, training, croissant]) {
      expect(text).toContain('fewer than 10')
      expect(text).toContain('59')
      expect(text).not.toMatch(/(?<!#)\b60\b/)
    }
    expect(training.match(/^## \d+\. /gm)).toHaveLength(12)
    expect(training).toContain('**Open question:** Was it bought or licensed by the developer?')
    expect(ended.stderr).toContain('rights.acquired: Was it bought')

    const front = parse(hugging.split('---\n')[1]!) as Record<string, unknown>
    expect(front).toMatchObject({
      pretty_name: 'People: <script>alert(1)</script>',
      license: 'cc-by-4.0',
      size_categories: ['n<1K'],
      tags: ['de-identified', 'yes', 'a: b'],
    })
    expect(hugging.replaceAll('<br>', '').split('\n---\n').slice(1).join('')).not.toMatch(/[<]|\]\(/)
    expect(croissant).not.toContain('<')
    expect(JSON.parse(croissant)).toMatchObject({
      license: 'https://spdx.org/licenses/CC-BY-4.0.html',
      distribution: [{ contentUrl: 'clean.ndjson', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    })
    expect(parse(contract)).toMatchObject({
      apiVersion: 'v3.1.0',
      version: '1.0',
      status: 'draft',
      kind: 'DataContract',
    })
    holdToSchemas(eventsOf(lineage))
  })

  it('tells the lineage of each field, masking where it is not kept, and names the same run the same', async () => {
    const cwd = place()
    await batch(cwd, 0, '-o', 'clean.ndjson')
    const once = await card(cwd, '-p', 'p.yaml', '--format', 'openlineage')
    expect(await card(cwd, '-p', 'p.yaml', '--format', 'openlineage')).toEqual(once)
    const [start, complete] = eventsOf(once.stdout) as [Loose, Loose]
    expect([start['eventType'], complete['eventType'], start['run'].runId === complete['run'].runId]).toEqual(
      ['START', 'COMPLETE', true],
    )
    const { fields, dataset } = complete['outputs'][0].facets.columnLineage
    const masking = Object.fromEntries(
      Object.entries(fields).map(([path, { inputFields }]: [string, Loose]) => [
        path,
        inputFields.map(({ field, transformations }: Loose) => [
          field,
          transformations[0].subtype,
          transformations[0].masking,
        ]),
      ]),
    )
    expect(masking).toEqual({
      id: [['id', 'TRANSFORMATION', true]],
      at: [['at', 'TRANSFORMATION', true]],
      town: [['town', 'TRANSFORMATION', true]],
      'items[].sku': [['items[].sku', 'IDENTITY', false]],
      copy: [
        ['town', 'TRANSFORMATION', true],
        ['kind', 'CONDITIONAL', undefined],
      ],
    })
    expect(dataset).toMatchObject([{ field: 'at', transformations: [{ subtype: 'FILTER' }] }])
    expect(once.stdout).not.toContain(JSON.parse(read(cwd, 'run.json')).inputs[0].sha256)
    await batch(cwd, 0, '-o', 'again.ndjson', '--max-dead-letters', '5')
    writeFileSync(join(cwd, 'run.json'), `${read(cwd, 'run.json')} `)
    const other = eventsOf((await card(cwd, '-p', 'p.yaml', '--format', 'openlineage')).stdout)
    expect(other[0]!['run'].runId).not.toBe(start['run'].runId)
  })

  it('describes a parted data set by its manifest', async () => {
    const cwd = place()
    await batch(cwd, 0, '-o', 'training', '--partition-by', 'town')
    const ended = await card(cwd, 'training', '-p', 'p.yaml', '-o', 'training')
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stderr).not.toContain('not described')
    const verified = await warm(['verify', 'run.json', 'training'], { cwd })
    expect([verified.code, verified.stdout.includes('README.md')]).toEqual([0, false])
    writeFileSync(join(cwd, 'training/other.md'), 'x')
    expect((await warm(['verify', 'run.json', 'training'], { cwd })).code).toBe(1)
    const { distribution, recordSet } = JSON.parse(read(cwd, 'training/croissant.jsonld'))
    expect(distribution.map((one: Loose) => one['@type'])).toEqual([
      'cr:FileObject',
      'cr:FileObject',
      'cr:FileSet',
    ])
    expect(recordSet[0].field.map((one: Loose) => one.name)).not.toContain('town')
    const town = parse(read(cwd, 'training/contract.odcs.yaml')).schema[0].properties.find(
      (one: Loose) => one.name === 'town',
    )
    expect(town).toMatchObject({ partitioned: true, partitionKeyPosition: 1 })
  })

  it('says which outputs were not named', async () => {
    const cwd = place()
    writeFileSync(join(cwd, 'more.ndjson'), `${events.slice(0, 30).join('\n')}\n`)
    mkdirSync(join(cwd, 'clean'))
    await batch(cwd, 0, 'more.ndjson', '-o', 'clean')
    const ended = await card(cwd, 'clean/in.ndjson', '-p', 'p.yaml', '--format', 'croissant')
    expect(ended.stderr).toContain('not described, as they were not named: output 2')
    expect(JSON.parse(ended.stdout).distribution).toHaveLength(1)
  })

  it('takes the names of data sets from the facts, and says of change events that a row stands there twice', async () => {
    const cwd = place()
    await batch(cwd, 0, '-o', 'clean.ndjson')
    const named =
      'lineage: { namespace: prod, job: nightly, inputs: [{ namespace: kafka, name: a }, { namespace: kafka, name: b }] }'
    writeFileSync(join(cwd, 'card.yaml'), `${named}\n`)
    const told = await card(
      cwd,
      '-p',
      'p.yaml',
      '--facts',
      'card.yaml',
      '--format',
      'openlineage',
      '--ended',
      '2026-06-02T03:04:05Z',
    )
    const [, complete] = eventsOf(told.stdout)
    expect(complete).toMatchObject({
      eventTime: '2026-06-02T03:04:05.000Z',
      job: { namespace: 'prod', name: 'nightly' },
      inputs: [
        { namespace: 'kafka', name: 'a' },
        { namespace: 'kafka', name: 'b' },
      ],
      outputs: [{ namespace: 'prod', name: 'people/output' }],
    })
    expect(complete!['inputs'][0].inputFacets).toBeUndefined()
    expect(complete!['outputs'][0].facets.columnLineage.fields.id.inputFields).toHaveLength(2)
    holdToSchemas([complete!])

    const summary = JSON.parse(read(cwd, 'run.json'))
    const change = { deletes: 'publish', before: 'full', placeholder: '__unavailable' }
    writeFileSync(join(cwd, 'run.json'), JSON.stringify({ ...summary, inputForm: { change } }))
    const ended = await card(cwd, 'clean.ndjson', '-p', 'p.yaml', '-o', 'cards')
    expect(ended.code, ended.stderr).toBe(0)
    expect(JSON.parse(read(cwd, 'cards/croissant.jsonld'))).not.toHaveProperty('recordSet')
    expect(read(cwd, 'cards/README.md')).toContain('change events')
  })

  it('refuses what no card can be made of, and writes all documents or none', async () => {
    const cwd = place()
    const refusal = async (...args: string[]): Promise<string> => {
      const ended = await card(cwd, ...args)
      expect([ended.code, ended.stdout]).toEqual([2, ''])
      expect(existsSync(join(cwd, 'cards', 'croissant.jsonld'))).toBe(false)
      return ended.stderr
    }
    await batch(cwd, 0, '-o', 'clean.ndjson', '--measure', 'measure.json')
    const whole = read(cwd, 'run.json')
    const made = JSON.parse(whole)
    const shard = { manifest: 'ab'.repeat(32), shard: 0, of: 2 }
    for (const [change, why] of [
      [{ dryRun: true }, 'dry run'],
      [{ shard }, 'one shard'],
      [{ outputs: 'ZqCanary' }, 'not a summary'],
    ] as const) {
      writeFileSync(join(cwd, 'run.json'), JSON.stringify({ ...made, ...change }))
      expect(await refusal('-p', 'p.yaml', '-o', 'cards')).toContain(why)
    }
    writeFileSync(join(cwd, 'run.json'), whole)
    writeFileSync(join(cwd, 'other.yaml'), POLICY.replace('to: day', 'to: year'))
    expect(await refusal('-p', 'other.yaml', '-o', 'cards')).toContain('another policy')
    expect(await refusal('in.ndjson', '-p', 'p.yaml', '-o', 'cards')).toContain('not what the run published')
    expect(await refusal('-p', 'p.yaml')).toContain('-o FOLDER')
    const measured = JSON.parse(read(cwd, 'measure.json'))
    measured.records.published++
    writeFileSync(join(cwd, 'measure.json'), JSON.stringify(measured))
    expect(await refusal('-p', 'p.yaml', '--measure', 'measure.json', '-o', 'cards')).toContain(
      'other records',
    )
    for (const bad of ['p.yaml', 'in.ndjson'])
      expect((await warm(['card', bad, '-p', 'p.yaml', '-o', 'cards'], { cwd })).code).toBe(2)

    writeFileSync(
      join(cwd, 'card.yaml'),
      'name: n\nlicence: ZqCanary\ncollection: { from: soon }\nversion: 1.0\n',
    )
    const facts = await refusal('-p', 'p.yaml', '--facts', 'card.yaml', '-o', 'cards')
    expect(facts).toContain('card.yaml:2:1 unknown-key unknown key `licence` -> did you mean `license`?')
    expect(facts).toMatch(/card.yaml:3:\d+ wrong-type/)
    expect(facts).toMatch(/card.yaml:4:10 wrong-type .* quote it/)
    expect(facts).not.toMatch(/ZqCanary|soon/)

    const taken = folder({ 'README.md': 'mine' })
    expect(await refusal('-p', 'p.yaml', '-o', taken)).toContain('exists already')
    expect(readdirSync(taken)).toEqual(['README.md'])
  })

  it('tells of failed runs in OpenLineage alone, and of streams by route', async () => {
    const cwd = place()
    writeFileSync(join(cwd, 'in.ndjson'), 'not json\n')
    await batch(cwd, 3, '-o', 'clean.ndjson', '--max-dead-letters', '0')
    expect((await card(cwd, '-p', 'p.yaml', '-o', 'cards')).stderr).toContain('--format openlineage')
    const failed = eventsOf((await card(cwd, '-p', 'p.yaml', '--format', 'openlineage')).stdout)
    expect(failed.map((event) => event['eventType'])).toEqual(['START', 'FAIL'])
    expect(failed[1]!['run'].facets.errorMessage.message).toContain('too-many-dead-letters')
    holdToSchemas(failed)

    const summary = JSON.parse(read(cwd, 'run.json'))
    const emitted = {
      published: 0,
      tombstones: 0,
      deadLetters: 1,
      sealed: 0,
      unsealed: 0,
      pastRetention: 0,
      unkeyed: 0,
      wholeKeys: 0,
      droppedHeaders: 0,
    }
    const route = { ...summary, route: 'orders', emitted }
    const stream = (more: object): void =>
      writeFileSync(
        join(cwd, 'run.json'),
        JSON.stringify({
          lethe: 'stream-summary',
          v: 1,
          version: '0.1.0',
          pipeline: 'shop',
          delivery: 'exactly-once',
          driver: 'rdkafka',
          status: 'done',
          complete: true,
          routes: [route, { ...route, route: 'other' }],
          ...more,
        }),
      )
    stream({})
    expect((await card(cwd, '-p', 'p.yaml', '--format', 'openlineage')).stderr).toContain(
      '--route is one of: orders, other',
    )
    const done = await card(cwd, '-p', 'p.yaml', '--route', 'orders', '-o', 'cards')
    expect(done.code, done.stderr).toBe(0)
    const events = eventsOf(read(cwd, 'cards/openlineage.events'))
    expect(events.map((event) => [event['eventType'], event['job'].name])).toEqual([
      ['START', 'shop.orders'],
      ['COMPLETE', 'shop.orders'],
    ])
    holdToSchemas(events)
    stream({ complete: false })
    const cut = eventsOf(
      (await card(cwd, '-p', 'p.yaml', '--route', 'orders', '--format', 'openlineage')).stdout,
    )
    expect(cut[1]).toMatchObject({ eventType: 'FAIL', outputs: [] })
  })

  it('sends events with a token to https or this machine, and says by a code where it could not', async () => {
    const cwd = place()
    await batch(cwd, 0, '-o', 'clean.ndjson')
    const got: [url: string, token: string | undefined, type: string][] = []
    let answer = 201
    const server: Server = createServer((request, response) => {
      let text = ''
      request.on('data', (piece: Buffer) => (text += piece.toString()))
      request.on('end', () => {
        got.push([request.url!, request.headers.authorization, JSON.parse(text).eventType])
        if (answer !== 0)
          response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end('ZqCanary of a server')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const send = (
      more: readonly string[],
      to = url,
      env: Record<string, string> = { LETHE_OPENLINEAGE_TOKEN: '' },
    ): Promise<Ended> =>
      warm(['card', 'run.json', '-p', 'p.yaml', '--openlineage', to, ...more], { cwd, env })
    expect((await send([], url, { LETHE_OPENLINEAGE_TOKEN: 'of-the-environment' })).code).toBe(0)
    writeFileSync(join(cwd, 'token.txt'), 'of-a-file\n', { mode: 0o600 })
    expect((await send(['--token-file', 'token.txt', '-o', 'cards'], `${url}/own`)).code).toBe(0)
    expect(got).toEqual([
      ['/api/v1/lineage', 'Bearer of-the-environment', 'START'],
      ['/api/v1/lineage', 'Bearer of-the-environment', 'COMPLETE'],
      ['/own', 'Bearer of-a-file', 'START'],
      ['/own', 'Bearer of-a-file', 'COMPLETE'],
    ])
    for (const [status, code] of [
      [503, 'lineage-unsent'],
      [302, 'lineage-refused'],
      [401, 'lineage-refused'],
    ] as const) {
      answer = status
      const ended = await send(['--format', 'odcs', '-o', `cards-${status}`])
      expect([
        ended.code,
        ended.stderr.includes(`status ${status}`),
        ended.stderr.includes('ZqCanary'),
      ]).toEqual([4, true, false])
      expect(readdirSync(join(cwd, `cards-${status}`))).toEqual(['contract.odcs.yaml'])
      const asJson = await warm(['card', 'run.json', '-p', 'p.yaml', '--openlineage', url], {
        cwd,
        env: { LETHE_OPENLINEAGE_TOKEN: '' },
      })
      expect([code, asJson.code]).toEqual([code, 4])
    }
    answer = 0
    expect((await send(['--timeout', '50ms'])).stderr).toContain('does not answer within 50 ms')
    const sent = got.length
    for (const bad of [
      'http://lineage.example.com',
      'https://me:ZqCanary@lineage.example.com',
      'file:///tmp',
      'no address',
    ]) {
      const ended = await send([], bad)
      expect([bad, ended.code, ended.stderr.includes('ZqCanary')]).toEqual([bad, 2, false])
    }
    writeFileSync(join(cwd, 'open.txt'), 'ZqCanary', { mode: 0o644 })
    writeFileSync(join(cwd, 'lines.txt'), 'ZqCanary\nX-Other: 1', { mode: 0o600 })
    for (const file of ['open.txt', 'lines.txt']) {
      const ended = await send(['--token-file', file])
      expect([file, ended.code, ended.stderr.includes('ZqCanary')]).toEqual([file, 2, false])
    }
    expect(got.length).toBe(sent)
  })
})
