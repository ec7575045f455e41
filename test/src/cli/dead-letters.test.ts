/** `lethe batch --seal` and `lethe dead-letters open`, as a person meets them. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { expect, it } from 'vitest'
import { deidentifyFiles } from '../../../src/batch/deidentify-files.ts'
import { fileDeadLetterForm } from '../../../src/forms/dead-letters.ts'
import { summaryForm } from '../../../src/forms/summaries.ts'
import { place } from './batch-inputs.ts'
import { type Ended, warm } from './lethe.ts'

const CANARY = 'ZqCanaryXJ'
const POLICY = `policy: sealed
version: 1
purpose: train_ai_system
subject: id
fields:
  id: { use: hash.hmac, domain: id }
  at: { use: generalize.date, to: year }
`
const WHY = ['--reason', 'ticket 4711: dates of shop 3']

interface World {
  readonly cwd: string
  readonly run: (...args: string[]) => Promise<Ended>
  readonly lines: (file: string) => readonly Record<string, unknown>[]
}

async function world(files: Readonly<Record<string, string>>): Promise<World> {
  const cwd = place({ 'policy.yaml': POLICY, ...files })
  const identity = await generateX25519Identity()
  writeFileSync(join(cwd, 'operator.key'), `${identity}\n`, { mode: 0o600 })
  writeFileSync(join(cwd, 'other.key'), `${await generateX25519Identity()}\n`, { mode: 0o600 })
  writeFileSync(join(cwd, 'recipients.txt'), `${await identityToRecipient(identity)}\n`)
  const run = (...args: string[]): Promise<Ended> => warm(args, { cwd })
  expect((await run('keys', 'create', '--match', 'match.json')).code).toBe(0)
  const lines = (file: string): readonly Record<string, unknown>[] =>
    readFileSync(join(cwd, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { cwd, run, lines }
}

const sealing = (input: string): string[] => [
  ...['batch', input, '-p', 'policy.yaml', '--keys', 'keys.json', '-o', 'out', '--max-dead-letters', '100%'],
  ...['--dead-letter', 'dead.ndjson', '--summary', 'run.json', '--seal', 'recipients.txt', '--workers', '1'],
]

it('seals the records of dead letters, shows none of them, and gives them back to who holds the identity', async () => {
  const good = '{"id":"a","at":"2026-01-01"}'
  const records = [
    good,
    `{"id":"${CANARY}-1","at":"${CANARY} é"}`,
    '',
    `{"id":"${CANARY}-2","at":"${CANARY}"`,
    good,
    `{"id":"${CANARY}-1 ","at":"never"}\r`,
  ]
  const { cwd, run, lines } = await world({ 'in.ndjson': `${records.join('\n')}\n` })
  const ended = await run(...sealing('in.ndjson'), '--match-keys', 'match.json')
  expect([ended.code, ended.stderr]).toEqual([3, expect.stringMatching(/with their original, sealed +3/)])
  const summary = readFileSync(join(cwd, 'run.json'), 'utf8')
  expect(summaryForm.parse(JSON.parse(summary))).toMatchObject({ originals: { sealed: 3, unsealed: 0 } })
  const list = readFileSync(join(cwd, 'dead.ndjson'), 'utf8')
  expect(list + summary + ended.stderr + readFileSync(join(cwd, 'out'), 'utf8')).not.toContain(CANARY)
  const letters = lines('dead.ndjson')
  for (const letter of letters) expect(fileDeadLetterForm.parse(letter)).toEqual(letter)
  const token = { domain: 'dead-letters', normalize: 'trim', token: expect.stringMatching(/^k1\./) }
  expect(letters.map(({ line, subject }) => ({ line, subject }))).toEqual([
    { line: 2, subject: token },
    { line: 4, subject: 'unknown' },
    { line: 6, subject: letters[0]!['subject'] },
  ])

  const unrecorded = ['dead-letters', 'open', 'dead.ndjson', '--identity', 'operator.key', ...WHY]
  const refused = await run(...unrecorded)
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([
    2,
    '',
    expect.stringContaining('none is named; nothing was opened'),
  ])
  await run('signing-key', 'create', 'host.pem')
  const recorded = [...unrecorded, '--ledger', 'ledger.ndjson', '--signing-key', 'host.pem', '--as', 'desk']
  const opened = await run(...recorded)
  expect([opened.code, opened.stderr]).toEqual([0, expect.stringContaining('3 originals were opened')])
  expect(
    opened.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(
    letters.map(({ sealed: _, ...letter }) => ({
      ...letter,
      original: { record: records[(letter['line'] as number) - 1]!.trimEnd() },
    })),
  )
  const ledger = readFileSync(join(cwd, 'ledger.ndjson'), 'utf8')
  expect(ledger).not.toContain(CANARY)
  const [, begins, done] = lines('ledger.ndjson')
  expect(begins).toMatchObject({
    ...{ action: 'originals.open', state: 'begins', actor: 'desk' },
    names: { from: 'file', reason: WHY[1] },
  })
  expect(done).toMatchObject({ state: 'done', counts: { opened: 3, unopened: 0, without: 0 } })
  const verified = await run('audit', 'verify', 'ledger.ndjson', '--keys', 'host.pem.pub')
  expect(verified.code).toBe(0)
  // What cannot be written down is not done.
  writeFileSync(join(cwd, 'ledger.ndjson'), ledger.replace('desk', 'dusk'))
  writeFileSync(join(cwd, 'cut.ndjson'), 'x\n')
  const unwritten = await run(...recorded.map((arg) => (arg === 'ledger.ndjson' ? 'cut.ndjson' : arg)))
  expect([unwritten.code, unwritten.stdout]).toEqual([4, ''])
})

it('writes originals for their owner alone, all of them or none', async () => {
  const { cwd, run, lines } = await world({
    'in.csv': `id,at\n${CANARY}1,"never\never"\nok,2026-01-01\n${CANARY}2,"x ""y"""\nragged\n`,
  })
  expect((await run(...sealing('in.csv'))).code).toBe(3)
  const letters = lines('dead.ndjson')
  expect(letters.map(({ line, subject }) => [line, subject])).toEqual([
    [2, undefined],
    [5, undefined],
    [6, undefined],
  ])
  const open = (...args: string[]): Promise<Ended> =>
    run('dead-letters', 'open', 'dead.ndjson', ...WHY, '--unrecorded', '-o', 'raw.ndjson', ...args)
  writeFileSync(join(cwd, 'raw.ndjson'), 'before\n')
  chmodSync(join(cwd, 'raw.ndjson'), 0o644)
  const swapped = [letters[1]!, letters[0]!, letters[2]!].map((letter, at) => ({
    ...letters[at],
    sealed: letter['sealed'],
  }))
  const damaged = letters.map((letter, at) =>
    at === 1 ? { ...letter, sealed: String(letter['sealed']).replace(/....$/, 'AAAA') } : letter,
  )
  const put = (some: readonly unknown[]): void =>
    writeFileSync(join(cwd, 'dead.ndjson'), some.map((one) => `${JSON.stringify(one)}\n`).join(''))
  for (const [some, identity, said] of [
    [swapped, 'operator.key', 'dead.ndjson:1: its original belongs to another'],
    [damaged, 'operator.key', 'dead.ndjson:2: its original was changed or cut short'],
    [letters.map((one) => ({ ...one, line: 9 })), 'operator.key', 'or this one was changed'],
    [letters, 'other.key', 'sealed to other recipients'],
    [letters, 'keys.json', 'keys.json:1: this is no identity'],
    [[...letters, { code: 1 }], 'operator.key', 'dead.ndjson:4: this is no line of a list'],
  ] as const) {
    put(some)
    const ended = await open('--identity', identity)
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(said)])
    expect(ended.stdout + ended.stderr).not.toContain(CANARY)
    expect(readFileSync(join(cwd, 'raw.ndjson'), 'utf8')).toBe('before\n')
  }
  put(damaged)
  const partly = await open('--identity', 'operator.key', '--skip-unopened')
  expect([partly.code, partly.stderr]).toEqual([1, expect.stringContaining('1 could not be opened')])
  expect(statSync(join(cwd, 'raw.ndjson')).mode & 0o777).toBe(0o600)
  put(letters)
  expect((await open('--identity', 'operator.key')).code).toBe(0)
  expect(lines('raw.ndjson').map(({ original }) => original)).toEqual([
    { record: `${CANARY}1,"never\never"` },
    { record: `${CANARY}2,"x ""y"""` },
    { record: 'ragged' },
  ])
})

it('seals a hundred of a chunk, counts the others, and seals nothing unless it is asked to', async () => {
  const { run, lines, cwd } = await world({ 'in.ndjson': `{"id":"${CANARY}","at":"x"}\n`.repeat(130) })
  const ended = await run(...sealing('in.ndjson'))
  expect(ended.stderr).toMatch(/with their original, sealed +100\n +without +30/)
  const sealed = lines('dead.ndjson').map((letter) => 'sealed' in letter)
  expect(sealed).toEqual(sealed.map((_, at) => at < 100))
  const plain = sealing('in.ndjson').filter((arg) => !['--seal', 'recipients.txt'].includes(arg))
  const without = await run(...plain)
  expect(without.stderr).not.toContain('original')
  expect(lines('dead.ndjson').some((letter) => 'sealed' in letter)).toBe(false)
  writeFileSync(join(cwd, 'recipients.txt'), 'age1nothing\n')
  const refused = await run(...sealing('in.ndjson').map((arg) => (arg === 'out' ? 'never' : arg)))
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('recipients.txt:1')])
  expect(existsSync(join(cwd, 'never'))).toBe(false)
})

it('seals what dies again in a replay of files, and in a batch of a program', async () => {
  const good = '{"id":"a","at":"2026-01-01"}'
  const bad = (n: number): string => `{"id":"${CANARY}-${n}","at":"${CANARY}${n === 3 ? '' : ' never'}"}`
  const records = [good, bad(1), good, bad(2), bad(3), good]
  const inputs = {
    'in.ndjson': `${records.join('\n')}\n`,
    'in.json': `[${records.join(',\n')}]\n`,
    'in.csv': `id,at\n${records.map((record) => Object.values(JSON.parse(record)).join(',')).join('\n')}\n`,
  }
  const { cwd, run, lines } = await world(inputs)
  for (const [name, text] of Object.entries(inputs)) {
    const plain = sealing(name).filter((arg) => !['--seal', 'recipients.txt'].includes(arg))
    expect((await run(...plain)).code).toBe(3)
    expect(lines('dead.ndjson').some((letter) => 'sealed' in letter)).toBe(false)
    const replay = [
      ...['replay', name, '--dead-letter', 'dead.ndjson', '--summary', 'run.json', '-p', 'policy.yaml'],
      ...['--keys', 'keys.json', '-o', 'more', '--seal', 'recipients.txt'],
    ]
    expect(await run(...replay)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--new-dead-letter'),
    })
    expect(
      (await run(...replay, '--new-dead-letter', 'again.ndjson', '--new-summary', 'new.json')).code,
    ).toBe(3)
    const letters = lines('again.ndjson')
    expect(letters.map((letter) => 'sealed' in letter)).toEqual([true, true, true])
    const summary = readFileSync(join(cwd, 'new.json'), 'utf8')
    expect(summaryForm.parse(JSON.parse(summary))).toMatchObject({ originals: { sealed: 3, unsealed: 0 } })
    expect(readFileSync(join(cwd, 'again.ndjson'), 'utf8') + summary).not.toContain(CANARY)
    const open = [
      'dead-letters',
      'open',
      'again.ndjson',
      '--identity',
      'operator.key',
      ...WHY,
      '--unrecorded',
    ]
    const opened = await run(...open)
    expect(opened.code, opened.stderr).toBe(0)
    const originals = opened.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).original.record)
    expect(originals).toEqual(
      name === 'in.csv' ? [2, 4, 5].map((at) => text.split('\n')[at]) : [1, 3, 4].map((at) => records[at]),
    )
  }
  const batch = {
    inputs: [join(cwd, 'in.ndjson')],
    output: join(cwd, 'by-program'),
    policy: join(cwd, 'policy.yaml'),
    keys: join(cwd, 'keys.json'),
    seal: join(cwd, 'recipients.txt'),
    maxDeadLetters: '100%',
    workers: 1,
  }
  await expect(deidentifyFiles(batch)).rejects.toMatchObject({ code: 'bad-option' })
  const made = await deidentifyFiles({ ...batch, deadLetters: join(cwd, 'program.ndjson') })
  expect(made).toMatchObject({ originals: { sealed: 3, unsealed: 0 } })
  expect(lines('program.ndjson').every((letter) => 'sealed' in letter)).toBe(true)
  // The recipients are read, and are not written over.
  const over = { ...batch, deadLetters: join(cwd, 'recipients.txt') }
  await expect(deidentifyFiles(over)).rejects.toMatchObject({ code: 'output-conflict' })
})
