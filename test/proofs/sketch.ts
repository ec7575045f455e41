/**
 * `npm run proof:sketch`: 40 sketches of the census records known as Adult, each under a keyset of its own and made by `lethe batch`, against
 * `lethe measure` of the same file. With SKETCH_EXACT from the ARX tests: 15,512 of 19,502 combinations are unique. How many lie
 * within two standard deviations is printed, and held to what chance allows.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createKeyset } from '../../src/keys/keyset.ts'
import { formatKeyset } from '../../src/keys/keyset-format.ts'
import { randomOf } from '../src/measures/random.ts'

const ADULT = fileURLToPath(new URL('../../../shared/data/adult/adult.csv', import.meta.url))
const MAIN = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const SEEDS = 40
/** Of 40, more than these are outside of two deviations in less than one of a thousand proofs. */
const MOST_OUTSIDE = 7
const EXACT_UNIQUE = 15_512 / 19_502

const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Figure {
  readonly value: number
  readonly error: number
}

function prove(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'lethe-sketch-'))
  const lethe = (...args: string[]): string =>
    execFileSync(process.execPath, [MAIN, ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  try {
    const [header, ...rows] = readFileSync(ADULT, 'utf8').trimEnd().split(/\r?\n/)
    const table = [`id;${header}`, ...rows.map((row, i) => `P${i};${row}`)]
    writeFileSync(join(folder, 'adult.csv'), `${table.join('\n')}\n`)
    const fields = header!
      .split(';')
      .map((name) => `  ${name}: { use: keep, role: quasi-identifier, accept: "the records are public" }\n`)
    writeFileSync(
      join(folder, 'adult.yaml'),
      `policy: adult\nversion: 1\npurpose: train_ai_system\nsubject: id\nfields:\n  id: { use: hash.hmac, domain: person }\n${fields.join('')}`,
    )
    lethe('keys', 'create', 'keys.json')
    const csv = ['adult.csv', '--delimiter', ';', '-p', 'adult.yaml']
    const exact = JSON.parse(
      lethe('measure', ...csv, '--keys', 'keys.json', '--side', 'input', '--format', 'json'),
    ).input
    const alone = exact.sizes[0].classes / exact.risk.classes
    if (Math.abs(alone - EXACT_UNIQUE) > 1e-12)
      throw new Error(`exact: ${alone}, and ${EXACT_UNIQUE} is published`)
    const truth: Readonly<Record<string, number>> = {
      unique: alone,
      atRisk: exact.risk.atRisk,
      combinations: exact.risk.classes,
      subjects: exact.risk.subjects,
      marketer: exact.risk.average,
    }
    const found: Record<string, Figure[]> = Object.fromEntries(Object.keys(truth).map((name) => [name, []]))
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = randomOf(seed)
      const keyset = createKeyset(new Date(0), (bytes) =>
        Uint8Array.from({ length: bytes }, () => random() * 256),
      )
      writeFileSync(join(folder, 'keys.json'), formatKeyset(keyset), { mode: 0o600 })
      lethe(
        'batch',
        ...csv,
        '--keys',
        'keys.json',
        '-o',
        'out.csv',
        '--sketch',
        'one.sketch',
        '--workers',
        '1',
      )
      const { figures } = JSON.parse(lethe('measure', '--sketches', 'one.sketch', '--format', 'json'))
      for (const [name, all] of Object.entries(found)) all.push(figures[name])
    }
    let isHeld = true
    for (const [name, all] of Object.entries(found)) {
      const of = truth[name]!
      const outside = all.filter(({ value, error }) => Math.abs(value - of) > 2 * error).length
      const mean = all.reduce((sum, { value }) => sum + value, 0) / SEEDS
      const spread = Math.sqrt(all.reduce((sum, { value }) => sum + (value - of) ** 2, 0) / SEEDS)
      const told = all.reduce((sum, { error }) => sum + error, 0) / SEEDS
      // A deviation that is told too small fails the first, one that is told too large the second.
      const isRight = outside <= MOST_OUTSIDE && told < 2 * spread
      isHeld &&= isRight
      say(
        `${name}: exact ${of.toFixed(4)}, mean ${mean.toFixed(4)}, deviation ${spread.toPrecision(3)}, told ${told.toPrecision(3)}; ` +
          `${outside} of ${SEEDS} outside of two deviations${isRight ? '' : ': FAILED'}`,
      )
    }
    return isHeld
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (!existsSync(ADULT)) say(`proof:sketch: skipped, because ${ADULT} is missing`)
else process.exitCode = prove() ? 0 : 1
