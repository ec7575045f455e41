/**
 * Real input: census records, each column generalized by its hierarchy or kept, compared cell by cell with the
 * hierarchy files; and tokens of the same records by an independent computation.
 */
import { createHmac, hkdfSync } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseStream } from 'fast-csv'
import { describe, expect, it } from 'vitest'
import type { Measurement } from '../src/forms/measurement.ts'
import { KEYS } from './src/cli/batch-inputs.ts'
import { folder, warm } from './src/cli/lethe.ts'

const data = fileURLToPath(new URL('../../shared/data/adult', import.meta.url))
const records = join(data, 'adult.csv')
const isThere = existsSync(records)
if (!isThere) process.stderr.write(`test/adult.test.ts: skipped, because ${records} is missing\n`)

const LEVELS: Readonly<Record<string, number>> = {
  sex: 0,
  age: 2,
  race: 1,
  'marital-status': 1,
  education: 2,
  'native-country': 1,
  workclass: 1,
  occupation: 1,
  'salary-class': 0,
}

function table(file: string): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const rows: string[][] = []
    parseStream(createReadStream(file), { delimiter: ';', headers: false })
      .on('error', reject)
      .on('data', (row: string[]) => rows.push(row))
      .on('end', () => resolve(rows))
  })
}

function secret(): Buffer {
  const { keys } = JSON.parse(KEYS) as { keys: { secret: string }[] }
  return Buffer.from(keys[0]!.secret, 'base64url')
}

/** The 32 bytes of config/vectors/README.md, sections 3 and 4. */
function mac(domain: string, text: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret(), Buffer.alloc(0), `lethe/v1/token/${domain}`, 32))
  return createHmac('sha256', key).update(Buffer.from(text, 'utf8')).digest()
}

describe.runIf(isThere)('Adult, where ../shared/data/adult is there', () => {
  it('has every cell as the hierarchies say', async () => {
    const template = readFileSync(new URL('fixtures/adult/adult.template.yaml', import.meta.url), 'utf8')
    const cwd = folder({ 'adult.yaml': template.replaceAll('{{hierarchies}}', data) })
    const args = [records, '--delimiter', ';', '-p', 'adult.yaml', '-o', 'out.csv', '--summary', 'sum.json']
    const { code, stderr } = await warm(['batch', ...args, '--workers', '2'], { cwd })
    expect(code, stderr).toBe(0)
    const [header, ...input] = await table(records)
    const [headerOut, ...output] = await table(join(cwd, 'out.csv'))
    expect(headerOut).toEqual(header)
    expect(header).toEqual(Object.keys(LEVELS))
    expect(output).toHaveLength(30_162)
    const generalized: Map<string, string>[] = []
    for (const [column, level] of Object.entries(LEVELS)) {
      const rows = await table(join(data, `adult_hierarchy_${column}.csv`))
      generalized.push(new Map(rows.map((row) => [row[0]!, row[level]!])))
    }
    const expected = input.map((row) => row.map((cell, column) => generalized[column]!.get(cell)))
    // One by one, since a difference of 30,000 rows is no message.
    const wrong = expected.findIndex((row, i) => row.some((cell, column) => cell !== output[i]![column]))
    expect({ row: wrong, cells: output[wrong] }).toEqual({ row: -1, cells: undefined })
    expect(output.some((row, i) => row[1] !== input[i]![1])).toBe(true)
    const summary = JSON.parse(readFileSync(join(cwd, 'sum.json'), 'utf8'))
    expect(summary.records).toMatchObject({ in: 30_162, published: 30_162, suppressed: {}, deadLettered: {} })
    for (const rule of summary.rules)
      expect(rule).toMatchObject({ applied: 30_162, absent: 0, null: 0, failed: 0 })
  }, 120_000)

  it('has the tokens that anybody computes who reads config/vectors/README.md', async () => {
    const policy = `policy: tokens
version: 1
purpose: train_ai_system
fields:
  occupation: { use: hash.hmac, domain: job }
  workclass: { use: hash.hmac, domain: job, normalize: lower, bits: 256, encoding: hex }
  age: { use: hash.integer, domain: age, min: 0, max: 999999, accept: a test of the form and no more }
  race: { use: hash.uuid, domain: race }
  sex: { use: hash.email, domain: sex }
  occupation_again: { from: occupation, use: hash.hmac, domain: job }
`
    const cwd = folder({ 'tokens.yaml': policy })
    writeFileSync(join(cwd, 'keys.json'), KEYS, { mode: 0o600 })
    const args = [
      records,
      '--delimiter',
      ';',
      '-p',
      'tokens.yaml',
      '--keys',
      'keys.json',
      '-o',
      'out.csv',
      '-q',
    ]
    const { code, stderr } = await warm(['batch', ...args], { cwd })
    expect(code, stderr).toBe(0)
    const [header, ...input] = await table(records)
    const [headerOut, ...output] = await table(join(cwd, 'out.csv'))
    expect(headerOut).toEqual(['sex', 'age', 'race', 'workclass', 'occupation', 'occupation_again'])
    const known = new Map<string, string>()
    const once = (
      name: string,
      text: string,
      compute: (bytes: Buffer, text: string) => string,
      domain: string,
    ) => {
      const key = `${name} ${text}`
      if (!known.has(key)) known.set(key, compute(mac(domain, text), text))
      return known.get(key)!
    }
    const job = (bytes: Buffer) => `k1.${bytes.subarray(0, 16).toString('base64url')}`
    const uuid = (bytes: Buffer) => {
      const b = Buffer.from(bytes.subarray(0, 16))
      b[6] = (b[6]! & 0x0f) | 0x80
      b[8] = (b[8]! & 0x3f) | 0x80
      return b.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    }
    const integer = (bytes: Buffer) => `${BigInt(`0x${bytes.subarray(0, 16).toString('hex')}`) % 1_000_000n}`
    const email = (bytes: Buffer) => `k1.${bytes.subarray(0, 16).toString('hex')}@example.invalid`
    const lower = (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase())
    const wrong = input.findIndex((row, i) => {
      const cell = (name: string) => row[header!.indexOf(name)]!
      const expected = [
        once('sex', cell('sex'), email, 'sex'),
        once('age', cell('age'), integer, 'age'),
        once('race', cell('race'), uuid, 'race'),
        once('class', lower(cell('workclass')), (bytes) => `k1.${bytes.toString('hex')}`, 'job'),
        once('job', cell('occupation'), job, 'job'),
        once('job', cell('occupation'), job, 'job'),
      ]
      return expected.some((text, column) => text !== output[i]![column])
    })
    expect(output).toHaveLength(input.length)
    expect({ row: wrong, cells: output[wrong] }).toEqual({ row: -1, cells: undefined })
  }, 120_000)

  // The optimum of loss of ARX (TestAnonymizationHeuristic), k = 5, any suppression.
  it('finds what the optimum of ARX does to two minorities, where risk, loss and shift of race all pass', async () => {
    const optimum = [0, 3, 0, 0, 2, 1, 1, 1, 0]
    const fields = Object.keys(LEVELS).map((name, i) => {
      const file = JSON.stringify(join(data, `adult_hierarchy_${name}.csv`))
      const rule =
        optimum[i] === 0 ? 'use: keep' : `use: generalize.hierarchy, file: ${file}, level: ${optimum[i]}`
      const accept = name === 'race' ? ', accept: a public sample of a census' : ''
      return `  ${name}: { ${rule}, role: quasi-identifier${accept} }`
    })
    const policy = `policy: adult
version: 1
purpose: train_ai_system
fields:
${fields.join('\n')}
crowd: { k: 5, onFail: suppress, maxSuppressed: 100% }
`
    const cwd = folder({ 'p.yaml': policy })
    const args = ['measure', records, '--delimiter', ';', '-p', 'p.yaml', '--by', 'race', '--format', 'json']
    const { code, stdout, stderr } = await warm(args, { cwd })
    expect(code, stderr).toBe(0)
    const { output, utility, balance } = JSON.parse(stdout) as Measurement
    expect([output!.risk.k, output!.risk.unique]).toEqual([5, 0])
    expect(utility!.loss).toBeCloseTo(0.22041192847984292, 9)
    expect(utility!.columns[2]).toMatchObject({ field: 'race', distance: { isFlagged: false } })
    const ratios = balance![0]!.groups.map(({ name, ratio, isFlagged }) => [
      name,
      ratio.toFixed(3),
      isFlagged,
    ])
    expect(ratios).toEqual([
      ['Other', '0.281', true],
      ['Amer-Indian-Eskimo', '0.282', true],
      ['Asian-Pac-Islander', '0.472', true],
      ['Black', '0.846', false],
      ['White', '1.000', false],
    ])
    expect(balance![0]!.groups[0]!.withheld).toEqual([
      { kind: 'suppressed', reason: 'crowd', records: 231 - 62 },
    ])
  })
})
