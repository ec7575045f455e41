/**
 * What consent tables and suppression lists cost: `npm run bench:gates`. Memory and time of 5 million subjects, of whom 5 % have a
 * longer history; a lookup, beside one in a Map of the same tokens; a start from a snapshot and a cold one; loading a file; and a record
 * of a block that gates judge. See README.md.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const dist = process.env.LETHE_BENCH_DIST ?? join(import.meta.dirname, '../../dist')
const load = (path) => import(join(dist, 'src', path))
const { ConsentTable } = await load('lists/consent-table.js')
const { ConsentTopic } = await load('lists/consent-topic.js')
const { TopicSnapshots } = await load('lists/topic-snapshots.js')
const { loadConsent } = await load('lists/load-consent.js')
const { loadGateData } = await load('gates/gate-data.js')
const { MatchKeys } = await load('keys/match-keys.js')
const { createKeyset } = await load('keys/keyset.js')
const { compilePolicy } = await load('policy/compile.js')
const { jsonEngine } = await load('run/engines.js')

const { values } = parseArgs({ options: { subjects: { type: 'string', default: '5000000' } } })
/** Processor time of this process so far, in ms: the machine may do other work. */
const processorMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const subjects = Number(values.subjects)
const out = (text) => process.stdout.write(`${text}\n`)
const number = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits })

const DAY = 86_400_000
const granted = (day) => ({ state: 'granted', from: day * DAY })
const SHORT = [granted(19_000)]
const LONG = [granted(19_000), { state: 'withdrawn', from: 19_500 * DAY }, granted(20_000)]

const tokens = randomBytes(16 * subjects)
const tokenOf = (index) => tokens.subarray(index * 16, index * 16 + 16)
const historyOf = (index) => (index % 20 === 0 ? LONG : SHORT)

// In memory
const began = { at: 0 }
const start = () => {
  began.at = processorMs()
}
const took = () => processorMs() - began.at
let table = ConsentTable.create(1024)
start()
for (let index = 0; index < subjects; index++) table.set(tokenOf(index), historyOf(index))
const insert = took()
const sizes = () => {
  const { table: short, longer } = table.memory
  return `${number(short.byteLength / subjects, 1)} bytes a subject, and ${number(longer.byteLength / subjects, 1)} for longer histories`
}
out(`${number(subjects)} subjects, 5 % with a longer history`)
out(`  memory         ${sizes()}, as it grew`)
start()
table.fit()
out(`                 ${sizes()}, once it was read; target 48 (fitting it: ${number(took())} ms)`)
out(`  insert         ${number((insert / subjects) * 1e6)} ns`)

const lookups = Math.min(subjects, 2_000_000)
const STEP = 7_919
const words = new Int32Array(tokens.buffer, tokens.byteOffset, subjects * 4)
const places = Int32Array.from({ length: lookups }, (_, i) => (i * STEP) % subjects)
/** The least of three runs, in ns a lookup. */
const perLookup = (find) => {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    start()
    const found = find()
    least = Math.min(least, (took() / lookups) * 1e6)
    if (found !== lookups) throw new Error('not all were found')
  }
  return least
}
const one = perLookup(() => {
  let found = 0
  for (const place of places) if (table.stateAt(words, place * 4, 20_100 * DAY) === 'granted') found++
  return found
})
const BLOCK = 256
const block = new Int32Array(BLOCK * 4)
const inBlocks = perLookup(() => {
  let found = 0
  for (let from = 0; from < lookups; from += BLOCK) {
    const count = Math.min(BLOCK, lookups - from)
    for (let i = 0; i < count; i++) {
      const at = places[from + i] * 4
      for (let word = 0; word < 4; word++) block[i * 4 + word] = words[at + word]
    }
    table.touch(block, count)
    for (let i = 0; i < count; i++) if (table.stateAt(block, i * 4, 20_100 * DAY) === 'granted') found++
  }
  return found
})
let map = new Map()
for (let index = 0; index < subjects; index++) map.set(tokens.latin1Slice(index * 16, index * 16 + 16), index)
const plain = perLookup(() => {
  let found = 0
  for (const place of places) if (map.get(tokens.latin1Slice(place * 16, place * 16 + 16)) === place) found++
  return found
})
map = undefined
const ratio = (ns) => `${number(ns)} ns, ${number(ns / plain, 2)} of a Map's ${number(plain)}`
out(`  lookup         ${ratio(one)}; target < 300`)
out(`  in blocks      ${ratio(inBlocks)}`)

const text = (history) =>
  JSON.stringify(
    history.map(({ state, from }) => ({ state, from: new Date(from).toISOString().replace('.000Z', 'Z') })),
  )

// From a snapshot, and from the topic
const folder = mkdtempSync(join(tmpdir(), 'lethe-gates-'))
try {
  const keys = new MatchKeys(createKeyset(new Date(), randomBytes, 'match'))
  const { id, check } = keys.primary
  const form = { table: 't', purpose: 'train_ai_system', normalize: 'trim' }
  const log = { cluster: 'c', topic: 't', topicId: 'i', tombstonesFor: DAY }
  const snapshots = new TopicSnapshots({
    file: join(folder, 'snapshot'),
    form,
    matchKeys: keys,
    log,
    version: 'bench',
    writes: true,
    now: Date.now,
  })
  const position = { begin: 0, offset: subjects, at: Date.now() }
  const state = { header: { domain: 'consent', normalize: 'trim' }, keys: [{ id, check }], table }
  const seconds = (ms) => `${number(ms / 1000, 2)} s`
  let from = performance.now()
  await snapshots.close({ position, state }, (code) => {
    if (code !== undefined) throw new Error(code)
  })
  const { size } = statSync(join(folder, 'snapshot'))
  out(
    `  snapshot       ${number(size / subjects, 1)} bytes a subject, written in ${seconds(performance.now() - from)}`,
  )
  table = undefined
  from = performance.now()
  start()
  const restored = await snapshots.read()
  const readMs = performance.now() - from
  if (restored.table.count !== subjects) throw new Error('the snapshot lost subjects')
  out(`  ready from it  ${seconds(readMs)} (processor ${seconds(took())}); target < 3 s, with the tail`)
  const texts = [LONG, SHORT].map((history) => text(history))
  const record = (index, token) => {
    const t = `${id}.${token.toString('base64url')}`
    const value = `{"t":"${t}","purpose":"train_ai_system","history":${texts[index % 20 === 0 ? 0 : 1]}}`
    return { key: Buffer.from(`${t} train_ai_system`), value: Buffer.from(value), offset: index }
  }
  const tail = Array.from({ length: Math.min(subjects, 200_000) }, (_, index) =>
    record(index, tokenOf(index)),
  )
  const topic = new ConsentTopic(form, 't', keys)
  topic.restore(restored)
  start()
  for (const one of tail) topic.take(one, Date.now())
  const perRecordUs = (took() / tail.length) * 1e3
  out(
    `  the topic      ${number(perRecordUs, 2)} us a record, without the client: ${seconds((perRecordUs * subjects) / 1000)} for a cold start`,
  )
  // From a file
  const lines = Math.min(subjects, 1_000_000)
  const match = keys.matcher(id, check, 'consent', 'bench')
  const file = join(folder, 'table.ndjson')
  const stream = createWriteStream(file)
  stream.write(
    `{"lethe":"consent","v":1,"domain":"consent","normalize":"trim"}\n{"key":"${id}","check":"${check}"}\n`,
  )
  for (let index = 0; index < lines; index++) {
    const token = match(`C-${index}`).toString('base64url')
    const line = `{"t":"${id}.${token}","purpose":"train_ai_system","history":${texts[index % 20 === 0 ? 0 : 1]}}\n`
    if (!stream.write(line)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
  start()
  loadConsent(form, file, Date.now())
  const perLine = (took() / lines) * 1e3
  out(`  the file       ${number(perLine, 2)} us a line: ${seconds((perLine * subjects) / 1000)} for all`)

  // A record
  const policy = (gate) => {
    const body = `policy: p\nversion: 1\npurpose: train_ai_system\ntime: t\nfields: { v: keep, t: drop, id: drop }\n${gate}`
    return compilePolicy({ file: 'p', text: body, readFile: () => new Uint8Array() }, {}).plan
  }
  const count = 200_000
  const json = Buffer.from(
    Array.from(
      { length: count },
      (_, index) => `{"id":"C-${(index * STEP) % lines}","v":1,"t":"2025-06-01T00:00:00Z","c":true}\n`,
    ).join(''),
  )
  // What an engine asks for behind a chunk.
  const chunk = Buffer.concat([json, Buffer.alloc(64, '\n')])
  const perRecord = (plan, data) => {
    const engine = jsonEngine(plan, { now: Date.now(), data })
    let least = Number.POSITIVE_INFINITY
    for (let run = 0; run < 4; run++) {
      start()
      const { deadLetters, output } = engine.rewrite(chunk, json.length)
      least = Math.min(least, (took() / count) * 1e3)
      if (deadLetters.length > 0 || output.length < 2 * count) throw new Error('records are missing')
    }
    return least
  }
  const floor = perRecord(policy(''), undefined)
  const cost = (name, plan, data) => {
    const all = perRecord(plan, data)
    out(
      `  ${name.padEnd(14)} ${number(all - floor, 2)} us a record of another subject each, over ${number(floor, 2)} us without: ${number(all / floor, 2)} times`,
    )
  }
  cost('event consent', policy('consent: { from: c, when: { is: true } }'), undefined)
  const byTable = policy('consent: { table: t, by: id }')
  cost('consent table', byTable, loadGateData([byTable], { tables: new Map([['t', file]]) }, keys))
  // As many others are on the list: each record is looked up and not found.
  const list = join(folder, 'list.ndjson')
  const onList = keys.matcher(id, check, 'suppression', 'l')
  const entries = Array.from(
    { length: lines },
    (_, index) => `{"t":"${id}.${onList(`X-${index}`).toString('base64url')}","at":"2026-03-01T10:00:00Z"}\n`,
  )
  const head = `{"lethe":"list","v":1,"purpose":"suppression","domain":"l","normalize":"trim"}\n{"key":"${id}","check":"${check}"}\n`
  writeFileSync(list, head + entries.join(''))
  const byList = policy('suppression: [{ list: l, by: id }]')
  const lists = { lists: new Map([['l', { file: list }]]) }
  cost('list', byList, loadGateData([byList], lists, keys))
  cost('retention', policy('retention: { steps: [{ after: 20y, then: suppress }] }'), undefined)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
