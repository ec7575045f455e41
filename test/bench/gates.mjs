/**
 * What consent tables and suppression lists cost: `npm run bench:gates`. Memory and time of 5 million subjects, of which 5 % have a
 * longer history; a lookup; loading a file; and a record that gates judge. See README.md.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const dist = process.env.LETHE_BENCH_DIST ?? join(import.meta.dirname, '../../dist')
const load = (path) => import(join(dist, 'src', path))
const { ConsentTable } = await load('lists/consent-table.js')
const { loadConsent } = await load('lists/load-consent.js')
const { loadGateData } = await load('gates/gate-data.js')
const { MatchKeys } = await load('keys/match-keys.js')
const { createKeyset } = await load('keys/keyset.js')
const { compilePolicy } = await load('policy/compile.js')
const { createDeidentifier } = await load('run/deidentifier.js')

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
const table = ConsentTable.create(subjects)
let began = processorMs()
for (let index = 0; index < subjects; index++) table.set(tokenOf(index), historyOf(index))
const insert = processorMs() - began
const { table: short, longer } = table.memory
out(`${number(subjects)} subjects, 5 % with a longer history`)
out(
  `  memory         ${number(short.byteLength / subjects, 1)} bytes a subject, and ${number(longer.byteLength / subjects, 1)} for longer histories`,
)
out(`  insert         ${number((insert / subjects) * 1e6)} ns`)
began = processorMs()
const lookups = 2_000_000
let found = 0
for (let i = 0; i < lookups; i++)
  if (table.stateOf(tokenOf(i % subjects), 20_100 * DAY) === 'granted') found++
out(
  `  lookup         ${number(((processorMs() - began) / lookups) * 1e6)} ns (${found === lookups ? 'all found' : 'WRONG'}); target < 300`,
)

// From a file
const folder = mkdtempSync(join(tmpdir(), 'lethe-gates-'))
try {
  const lines = Math.min(subjects, 1_000_000)
  const keys = new MatchKeys(createKeyset(new Date(), randomBytes, 'match'))
  const { id, check } = keys.primary
  const match = keys.matcher(id, check, 'consent', 'bench')
  const file = join(folder, 'table.ndjson')
  const stream = createWriteStream(file)
  stream.write(
    `{"lethe":"consent","v":1,"domain":"consent","normalize":"trim"}\n{"key":"${id}","check":"${check}"}\n`,
  )
  const text = (history) =>
    JSON.stringify(
      history.map(({ state, from }) => ({ state, from: new Date(from).toISOString().replace('.000Z', 'Z') })),
    )
  const texts = [text(LONG), text(SHORT)]
  for (let index = 0; index < lines; index++) {
    const token = match(`C-${index}`).toString('base64url')
    const line = `{"t":"${id}.${token}","purpose":"train_ai_system","history":${texts[index % 20 === 0 ? 0 : 1]}}\n`
    if (!stream.write(line)) await once(stream, 'drain')
  }
  stream.end()
  await once(stream, 'finish')
  began = processorMs()
  loadConsent({ table: 't', purpose: 'train_ai_system', normalize: 'trim' }, file, Date.now())
  const took = processorMs() - began
  out(
    `  cold start     ${number((took / lines) * 1e3, 2)} us a line of the file: ${number(((took / lines) * subjects) / 1000, 1)} s for all`,
  )

  // A record
  const policy = (consent) => {
    const body = `policy: p\nversion: 1\npurpose: train_ai_system\ntime: t\nfields: { v: keep, t: drop, id: drop }\n${consent}`
    return compilePolicy({ file: 'p', text: body, readFile: () => new Uint8Array() }, {}).plan
  }
  const records = Array.from({ length: 200_000 }, (_, index) =>
    Buffer.from(`{"id":"C-${(index * 7919) % lines}","v":1,"t":"2025-06-01T00:00:00Z","c":true}`),
  )
  const perRecord = (plan, data) => {
    const deidentifier = createDeidentifier(plan, { format: 'json', data })
    const run = () => {
      const start = process.cpuUsage()
      for (const record of records) deidentifier.deidentify(record)
      const { user, system } = process.cpuUsage(start)
      return (user + system) / records.length
    }
    run()
    return Math.min(run(), run(), run())
  }
  const floor = perRecord(policy(''), undefined)
  const cost = (name, plan, data) =>
    out(
      `  ${name.padEnd(14)} ${number(perRecord(plan, data) - floor, 2)} us a record of another subject each, over ${number(floor, 2)} us without`,
    )
  cost('event consent', policy('consent: { from: c, when: { is: true } }'), undefined)
  const byTable = policy('consent: { table: t, by: id }')
  cost('consent table', byTable, loadGateData([byTable], { tables: new Map([['t', file]]) }, keys))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
