/**
 * `npm run bench:lifecycle`: entries of a ledger appended and verified a second, and `lethe retain` beside `lethe batch` on the same
 * rows. Wall time; see README.md.
 */
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryLine, sha256 } from '../../dist/src/ledger/entry.js'
import { Ledger } from '../../dist/src/ledger/ledger.js'
import { verifyLedgers } from '../../dist/src/ledger/verify-chains.js'
import { publicKeyOf } from '../../dist/src/signing/public-key.js'

const HERE = import.meta.dirname
const MAIN = join(HERE, '../../dist/bin/lethe.js')
const ROWS = Number(process.argv[2] ?? 300_000)
const ENTRIES = 5000
const ROUNDS = 3
/** Behind the last event of the data, and so much later that some rows have passed a step. */
const WRITTEN = '2026-08-01'
const JUDGED = '2026-09-01'
const at = mkdtempSync(join(tmpdir(), 'lethe-bench-'))

const seconds = (act) => {
  const began = performance.now()
  act()
  return (performance.now() - began) / 1000
}
const best = (act) => Math.min(...Array.from({ length: ROUNDS }, () => seconds(act)))

function lethe(...args) {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`lethe ${args[0]} ended with ${status}: ${stderr}`)
}

async function ledger() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = { publicKey: publicKeyOf(publicKey), sign: (bytes) => sign(null, bytes, privateKey) }
  const appending = new Ledger({ file: join(at, 'l.ndjson'), key, actor: 'bench' })
  const began = performance.now()
  for (let n = 0; n < 200; n++) await appending.append({ action: 'batch', state: 'done', counts: { in: n } })
  const append = 200 / ((performance.now() - began) / 1000)
  const lines = []
  for (let sequence = 1, previous = null; sequence <= ENTRIES; sequence++) {
    const fixed = {
      action: 'batch',
      actor: 'bench',
      begun: null,
      chain: 'a'.repeat(32),
      code: null,
      names: {},
    }
    const more = { counts: { in: sequence }, fingerprints: { policy: 'b'.repeat(64) }, key: key.publicKey.id }
    const place = { previous, sequence, state: 'done', time: '2026-03-10T12:00:00.000Z' }
    const line = entryLine({ ...fixed, ...more, ...place }, key)
    previous = sha256(line)
    lines.push(line)
  }
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  const verify = best(() => {
    const { findings } = verifyLedgers([{ file: 'l', bytes }], [key.publicKey], [])
    if (findings.length > 0) throw new Error('findings')
  })
  process.stdout.write(
    `ledger: ${Math.round(append)} entries/s appended, ${Math.round(ENTRIES / verify)} verified\n`,
  )
}

/** The policy of the benchmark, with a period that a part of the rows has passed and a step that another part has. */
function retention(kind) {
  const policy = join(at, `${kind}.yaml`)
  const steps = `retention:
  steps:
    - { after: 120d, fields: { customer.postcode: { use: generalize.prefix, keep: 1 } } }
    - { after: 10y, then: suppress }
`
  writeFileSync(policy, readFileSync(join(HERE, 'policies', `${kind}.yaml`), 'utf8') + steps)
  const input = join(at, `in.${kind}`)
  const made = spawnSync(process.execPath, [join(HERE, 'data.mjs'), kind, String(ROWS), 'repeat', input])
  if (made.status !== 0) throw new Error(String(made.stderr))
  const output = join(at, 'clean', `in.${kind}`)
  const batch = (workers) => () =>
    lethe(
      ...['batch', input, '-p', policy, '--keys', keys, '-o', output, '-q', '--as-of', WRITTEN],
      '--workers',
      String(workers),
    )
  const one = best(batch(1))
  const two = best(batch(2))
  const order = join(at, 'order.json')
  const shared = ['-p', policy, '--no-holds']
  const plan = best(() => lethe('retain', 'plan', output, ...shared, '--as-of', JUDGED, '-o', order))
  const { rows, deleted, stepped } = JSON.parse(readFileSync(order, 'utf8')).targets[0]
  copyFileSync(output, `${output}.before`)
  copyFileSync(`${output}.lethe.json`, `${output}.before.json`)
  const apply = best(() => {
    copyFileSync(`${output}.before`, output)
    copyFileSync(`${output}.before.json`, `${output}.lethe.json`)
    lethe('retain', 'apply', order, ...shared)
  })
  const of = (time) => `${time.toFixed(2)} s`
  process.stdout.write(
    `${kind}, ${rows} rows, ${deleted} deleted, ${stepped} stepped: batch with 1 thread ${of(one)}, with 2 ${of(two)}; ` +
      `retain plan ${of(plan)}, apply ${of(apply)} (${(two / apply).toFixed(2)} of the speed of batch with 2; target >= 0.5: ${two / apply >= 0.5 ? 'pass' : 'miss'})\n`,
  )
}

mkdirSync(join(at, 'clean'))
const keys = join(at, 'keys.json')
try {
  lethe('keys', 'create', keys)
  await ledger()
  for (const kind of ['csv', 'ndjson']) retention(kind)
} finally {
  rmSync(at, { recursive: true })
}
