/** A folder with everything that a report is made of: made-up people, a policy, runs, a measure, a ledger, holds, findings. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const policy = (version: number, keep: number): string => `policy: visitors
version: ${version}
description: Visits of made-up people, for a report.
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer, category: user.unique_id }
  email: { use: hash.hmac, domain: email, normalize: email, category: user.contact.email }
  at: { use: generalize.date, to: day, zone: UTC }
  age: { use: generalize.number, width: 10, role: quasi-identifier, category: user.demographic.age_range }
  postcode: { use: generalize.prefix, keep: ${keep}, role: quasi-identifier }
  plan: keep
  origin: drop
  illness: { use: mask.replace, with: withheld, role: sensitive }
suppression: [{ list: erasures, by: id }]
consent: [{ table: training, by: id }]
retention: { steps: [{ after: 200d, then: suppress }] }
`

const FINDINGS = `findings:
  - id: F-1
    concern: People of small origins are left out more often than others.
    reporter: data-scientist
    owner: privacy-officer
    due: 2020-01-31
    state: open
  - id: F-2
    concern: The postcode was too fine in the version before.
    reporter: auditor
    owner: data-engineer
    due: 2026-05-01
    state: mended
    outcome: One digit of it is kept since the second version.
`

const LIMITS = `privacy: 0.2
utility: 0.9
reason: Set by the privacy officer for a feed that stays within the company.
`

/** Numbers of Park and Miller (1988): the same for a seed on every machine. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

const ORIGINS = ['north', 'north', 'north', 'north', 'north', 'south', 'south', 'east', 'west']

/** Runs one command line. */
export type RunsLethe = (
  args: readonly string[],
  setting: { readonly cwd: string },
) => Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>

export interface ReportFolder {
  readonly run: (code: number, ...args: readonly string[]) => ReturnType<RunsLethe>
  /** Options of `lethe report` that name all of it. */
  readonly all: readonly string[]
}

/** Makes it all in `cwd`, by the commands. The same for a seed, but for keys and times. */
export async function reportFolder(
  lethe: RunsLethe,
  cwd: string,
  { people, seed = 1, origins = ORIGINS }: { people: number; seed?: number; origins?: readonly string[] },
): Promise<ReportFolder> {
  const next = numbers(seed)
  const put = (name: string, text: string): void => writeFileSync(join(cwd, name), text, { mode: 0o600 })
  const ids = Array.from({ length: people }, (_, i) => `C-${1000 + i}`)
  const events = ids.map((id, i) => {
    const origin = origins[next(origins.length)]!
    const at = `2026-0${1 + next(6)}-1${next(10)}T0${next(10)}:00:00Z`
    // One that is too old, one that says no time, and one that is no JSON.
    if (i % 97 === 5) return '{"id":'
    return JSON.stringify({
      ...{
        id,
        email: `p${i}@example.com`,
        at: i % 41 === 3 ? 'yesterday' : i % 23 === 2 ? '2020-01-01T00:00:00Z' : at,
      },
      ...{
        age: 20 + next(50),
        postcode: `${1 + next(4)}${next(10)}${next(10)}${next(10)}`,
        plan: ['free', 'paid'][next(2)],
      },
      ...{ origin, illness: ['none', 'flu', 'cold'][next(3)] },
    })
  })
  put('old.yaml', policy(1, 2))
  put('policy.yaml', policy(1, 2))
  put('in.ndjson', `${events.join('\n')}\n`)
  put(
    'said.csv',
    `subject,purpose,state,from\n${ids
      .filter((_, i) => i % 19 !== 7)
      .map((id) => `${id},train_ai_system,granted,2019-01-01T00:00:00Z`)
      .join('\n')}\n`,
  )
  put('asked.txt', `${ids[0]}\n${ids[1]}\n`)
  put('findings.yaml', FINDINGS)
  put('limits.yaml', LIMITS)
  const run = async (code: number, ...args: readonly string[]): ReturnType<RunsLethe> => {
    const ended = await lethe(args, { cwd })
    if (ended.code !== code)
      throw new Error(`lethe ${args.join(' ')} ended with ${ended.code}\n${ended.stderr}`)
    return ended
  }
  const ledger = ['--ledger', 'ledger.ndjson', '--signing-key', 'host.pem']
  await run(0, 'keys', 'create', 'keys.json')
  await run(0, 'keys', 'create', '--match', 'match.json')
  for (const name of ['host.pem', 'person.pem']) await run(0, 'signing-key', 'create', name)
  await run(0, 'consent', 'create', 'training.ndjson')
  await run(0, 'consent', 'import', 'training.ndjson', 'said.csv', '--match-keys', 'match.json', ...ledger)
  await run(
    0,
    'approve',
    'policy.yaml',
    '--as',
    'privacy-officer',
    '--note',
    'the first version, read as a whole',
    '--signing-key',
    'person.pem',
  )
  put('policy.yaml', policy(2, 1))
  await run(0, 'forget', 'begin', '-p', 'policy.yaml', '--suppression', 'erasures.ndjson')
  const gates = [
    '--list',
    'erasures=erasures.ndjson',
    '--table',
    'training=training.ndjson',
    '--match-keys',
    'match.json',
  ]
  const shared = ['-p', 'policy.yaml', '--keys', 'keys.json', ...gates, '--as-of', '2026-07-05T00:00:00Z']
  const told = [
    '-o',
    'out.ndjson',
    '--summary',
    'run.json',
    '--dead-letter',
    'dead.ndjson',
    '--max-dead-letters',
    '50%',
  ]
  await run(3, 'batch', 'in.ndjson', ...shared, ...told, ...ledger)
  const measured = await run(
    0,
    'measure',
    'in.ndjson',
    ...shared,
    '--by',
    'origin',
    '--sensitive',
    'plan',
    '--format',
    'json',
  )
  put('measure.json', measured.stdout)
  await run(
    0,
    'hold',
    'add',
    '--holds',
    'holds.ndjson',
    '--target',
    'dead.ndjson',
    '--owner',
    'legal',
    '--reason',
    'case 512, as counsel asked',
    '--expires',
    '2099-06-01',
    ...ledger,
  )
  const list = [
    '-p',
    'policy.yaml',
    '--suppression',
    'erasures.ndjson',
    '--match-keys',
    'match.json',
    '--holds',
    'holds.ndjson',
  ]
  await run(
    0,
    'forget',
    'plan',
    'out.ndjson',
    '--list',
    'asked.txt',
    '--keys',
    'keys.json',
    ...list,
    '-o',
    'order.json',
  )
  await run(0, 'forget', 'apply', 'order.json', ...list, ...ledger)
  await run(0, 'forget', 'verify', 'order.json', ...list, ...ledger)
  const all = [
    ...['run.json', '-p', 'policy.yaml', '--measure', 'measure.json', '--findings', 'findings.yaml'],
    ...['--limits', 'limits.yaml', '--ledger', 'ledger.ndjson', '--ledger-keys', 'host.pem.pub'],
    ...['--holds', 'holds.ndjson', '--approval-keys', 'person.pem.pub', '--diff-from', 'old.yaml'],
  ]
  return { run, all }
}
