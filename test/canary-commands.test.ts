/**
 * Canaries through every command: marked values stand in the data, in lists of subjects and on command lines, and every output (text,
 * JSON, errors) and every file that a command writes is searched for them. A command that does not take part fails the last test.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findCanaries } from './integration/checker/canaries.ts'
import { parquetOf } from './parquet.ts'
import { folder, root, warm } from './src/cli/lethe.ts'

/** What takes part in another test, or prints values because that is what it is for. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  stream: 'test/integration/canary-stream.test.ts',
  tap: 'test/integration/tap.test.ts, and it prints outputs, which canary-stream.test.ts searches',
  'dead-letters open': 'it prints originals; its messages and ledger: test/src/cli/dead-letters.test.ts',
  doctor: 'it waits for brokers, and reads no record: test/integration/doctor.test.ts',
  demo: 'it makes up its own events',
  schema: 'it reads a policy and a registry, and no record: test/src/cli/schema.test.ts',
}

const POLICY = (version: number, more = ''): string => `policy: marked
version: ${version}
purpose: train_ai_system
subject: id
time: at
fields:
  id: { use: hash.hmac, domain: customer }
  at: { use: generalize.date, to: day, zone: UTC }
  note: { use: mask.replace, with: note }
  born: { use: generalize.date, to: year }
${more}consent: [{ table: training, by: id }]
suppression: [{ list: erasures, by: id }]
retention: { steps: [{ after: 100d, then: suppress }] }
`
/** Kinds are told by their length alone. */
const CROWD = `policy: crowd
version: 1
purpose: train_ai_system
subject: id
fields:
  id: drop
  kind: { use: mask.characters, keepFirst: 1, role: quasi-identifier }
  v: drop
crowd: { k: 2, onFail: suppress, maxSuppressed: 90% }
`
const PIPELINE = `pipeline: marked
brokers: ["127.0.0.1:1"]
keys: { file: keys.json }
matchKeys: { file: match.json }
lists: { erasures: { file: erasures.ndjson } }
tables: { training: { file: training.ndjson } }
routes:
  - name: r
    from: { topics: [in], group: g }
    to: { topic: out }
    deadLetterTopic: dead
    policy: policy.yaml
`

let marks = 0
const canaries: string[] = []
const mark = (): string => {
  const text = `ZqCanary${marks++}é +VKq`
  canaries.push(text)
  return text
}

/** Prints all commands that have none below them. A process: to compile all commands for this takes longer than to run them. */
const LEAVES = `
const { program } = await import(${JSON.stringify(pathToFileURL(join(root, 'dist/src/cli/program.js')).href)})
const leaves = (command, path) =>
  command.commands.length === 0
    ? [{
        name: path.join(' '),
        asJson: command.options.some(({ long, argChoices }) =>
          long === '--format' && argChoices?.includes('text') && argChoices.includes('json')),
      }]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name()]))
console.log(JSON.stringify(leaves(await program(() => true), [])))
`

/** Files of the data, of subjects, and what a reader of secrets may find: not outputs. */
const INPUTS = /^(in|bad|back)\.|^(asked|raw|said|wrong)\.(txt|csv|yaml)$|^policy\.cases\.yaml$/

describe('marked values', () => {
  const took = new Set<string>()

  it('are in no output, message or file of any command', { timeout: 240_000 }, async () => {
    const ids = Array.from({ length: 6 }, mark)
    const event = (id: string, at: string, more = {}): string =>
      JSON.stringify({ id, at, note: mark(), ...more, [mark()]: mark() })
    const events = ids.map((id, index) => event(id, `2026-0${4 + (index % 3)}-20T10:00:00Z`))
    const said = `subject,purpose,state,from\n${ids.map((id) => `"${id}",train_ai_system,granted,2025-01-01T00:00:00Z`).join('\n')}\n`
    // A row each, with one thing wrong.
    const wrong = [
      `"${mark()}",${mark()},granted,2025-01-01T00:00:00Z`,
      `"${mark()}",train_ai_system,${mark()},2025-01-01T00:00:00Z`,
      `"${mark()}",train_ai_system,granted,${mark()}`,
      `"${mark()}",train_ai_system,granted,2099-01-01T00:00:00Z`,
      `"${mark()}","${mark()}`,
    ]
    const cwd = folder({
      'policy.yaml': POLICY(1),
      'weaker.yaml': POLICY(2, '  more: keep\n'),
      'pipeline.yaml': PIPELINE,
      'in.ndjson': `${[...events, event(ids[4]!, '2026-05-21T10:00:00Z', { born: mark() })].join('\n')}\n{"id":${JSON.stringify(mark())},"at":"${mark()}"}\n`,
      'bad.ndjson': `{"id":${JSON.stringify(ids[4])},"at":"2026-05-21T10:00:00Z","born":${JSON.stringify(mark())}}\n`,
      'policy.cases.yaml': `cases:\n  - name: one\n    in: { id: c-1, at: "2026-06-03T10:00:00Z", note: ${JSON.stringify(mark())} }\n    expect: suppress\n`,
      'clean/.keep': '',
      'other/.keep': '',
    })
    const put = (name: string, text: string): void => writeFileSync(join(cwd, name), text, { mode: 0o600 })
    put('asked.txt', `${ids[0]}\n${ids[1]}\n`)
    put('said.csv', said)
    put('held.txt', `${ids[2]}\n`)
    const texts: [where: string, bytes: Uint8Array][] = []
    /** `codes`: with which it may end. Runs as it stands; and as JSON too, where it can be asked for. */
    const run = async (code: number, ...args: string[]): Promise<void> => {
      const ended = await warm(args, { cwd })
      const line = args.join(' ')
      expect
        .soft([line, ended.stderr, ended.stdout, ended.code])
        .toEqual([line, ended.stderr, ended.stdout, code])
      texts.push(
        [`stdout of ${line}`, Buffer.from(ended.stdout)],
        [`stderr of ${line}`, Buffer.from(ended.stderr)],
      )
      const words = args
        .slice(
          0,
          Math.max(
            0,
            args.findIndex((word) => word.startsWith('-')),
          ),
        )
        .concat(args)
        .slice(0, 2)
      for (const name of [words[0]!, words.slice(0, 2).join(' ')]) {
        took.add(name)
        if (args.includes('json')) took.add(`${name} --format json`)
      }
    }
    const both = async (code: number, ...args: string[]): Promise<void> => {
      await run(code, ...args)
      await run(code, ...args, '--format', 'json')
    }
    const policy = ['-p', 'policy.yaml']
    const match = ['--match-keys', 'match.json']
    const signed = ['--signing-key', 'host.pem']
    const ledger = ['--ledger', 'ledger.ndjson', ...signed, '--anchor', 'other/heads.ndjson']

    await run(0, 'keys', 'create', 'keys.json', ...[])
    await run(0, 'keys', 'create', '--match', 'match.json')
    await run(0, 'signing-key', 'create', 'host.pem')
    await run(0, 'signing-key', 'create', 'person.pem')
    await both(0, 'keys', 'list', 'keys.json')

    // What is asked before a run.
    await both(0, 'lint', 'policy.yaml', 'pipeline.yaml')
    await both(0, 'explain', ...policy)
    await both(1, 'test', 'policy.yaml')
    await both(1, 'diff', 'policy.yaml', 'weaker.yaml')
    await run(
      0,
      'approve',
      'policy.yaml',
      '--as',
      'officer',
      '--note',
      'it was read as a whole',
      '--signing-key',
      'person.pem',
      '--ledger',
      'ledger.ndjson',
    )
    await both(0, 'transforms')
    await run(0, 'completion', 'bash')
    await run(0, 'init', '--from', 'in.ndjson')
    await run(0, 'acl', 'pipeline.yaml')
    await both(1, 'source', 'pipeline.yaml', 'c29tZXRoaW5n')

    // Consent and lists: rows that are refused too, and names on the command line.
    await run(0, 'consent', 'create', 'training.ndjson')
    await run(0, 'consent', 'import', 'training.ndjson', 'said.csv', ...match, ...ledger)
    for (const row of wrong) {
      put('wrong.csv', `subject,purpose,state,from\n${row}\n`)
      await run(2, 'consent', 'import', 'training.ndjson', 'wrong.csv', ...match)
    }
    const purpose = ['--purpose', 'train_ai_system']
    await run(
      0,
      'consent',
      'grant',
      'training.ndjson',
      '--subject',
      ids[0]!,
      ...purpose,
      ...match,
      '--source',
      'web',
      '--at',
      '2025-02-01T00:00:00Z',
    )
    await run(
      2,
      'consent',
      'grant',
      'training.ndjson',
      '--subject',
      ids[0]!,
      '--purpose',
      'nonsense',
      ...match,
    )
    await run(
      0,
      'consent',
      'withdraw',
      'training.ndjson',
      '--subject',
      ids[5]!,
      ...purpose,
      ...match,
      '--at',
      '2026-07-01T00:00:00Z',
    )
    await both(0, 'consent', 'show', 'training.ndjson', '--subject', ids[0]!, ...match)
    await run(0, 'consent', 'export', 'training.ndjson')
    await run(0, 'forget', 'begin', ...policy, '--suppression', 'erasures.ndjson')
    await run(2, 'forget', 'begin', ...policy, '--suppression', 'erasures.ndjson')

    // A run, its dead letters again, and what is compared with its summary.
    const gates = ['--list', 'erasures=erasures.ndjson', '--table', 'training=training.ndjson', ...match]
    const batch = [
      ...policy,
      '--keys',
      'keys.json',
      ...gates,
      '--as-of',
      '2026-07-05T00:00:00Z',
      '--max-dead-letters',
      '100%',
    ]
    const told = ['--dead-letter', 'dead.ndjson', '--summary', 'run.json']
    await run(3, 'batch', 'in.ndjson', ...batch, '-o', 'clean/in.ndjson', ...told, ...ledger, '--verbose')
    // Groups that are too small have no name in it, and identifiers are no groups.
    const measured = batch.slice(0, batch.indexOf('--max-dead-letters'))
    const over = ['--over', 'born', '--sensitive', 'note']
    const groups = ['--by', 'note', '--by-script', 'born', '--by-region', 'id']
    await both(0, 'measure', 'in.ndjson', ...measured, ...over, ...groups)
    const crowd = ['--k', '2', '--over', 'born', '--max-suppressed', '100%', '--by', 'note']
    await both(0, 'crowd', 'solve', 'in.ndjson', ...measured, ...crowd)
    await run(0, 'crowd', 'solve', 'in.ndjson', ...measured, ...crowd, '--format', 'patch')
    const weighted = ['-o', 'clean/weighted.ndjson', '--weights', 'weights.csv']
    await run(3, 'batch', 'in.ndjson', ...batch, '--by', 'born', ...weighted)
    // Sketches: of some, merged, and one that is none.
    const sketched = ['-o', 'sketched.ndjson', '--sketch', 'one.sketch', '--sketch-side', 'input']
    put('roles.yaml', POLICY(1).replace('to: year }', 'to: year, role: quasi-identifier }'))
    await run(3, 'batch', 'in.ndjson', ...batch, '-p', 'roles.yaml', ...sketched)
    await both(0, 'measure', '--sketches', 'one.sketch', '--merged', 'merged.sketch')
    await run(4, 'measure', '--sketches', 'one.sketch', 'in.ndjson')
    await run(
      0,
      'measure',
      'clean/in.ndjson',
      ...policy,
      ...over,
      '--side',
      'output',
      '--suppressed',
      'wildcard',
    )
    // Documents about a data set, and what no card can be made of.
    await run(0, 'card', 'run.json', 'clean/in.ndjson', ...policy, '-o', 'cards')
    await run(2, 'card', 'run.json', 'in.ndjson', ...policy, '-o', 'cards-of-input')
    put('wrong.txt', `nonsense: ${mark()}\nname: ["${mark()}"]\n`)
    await run(2, 'card', 'run.json', ...policy, '--facts', 'wrong.txt', '-o', 'cards-of-wrong')
    await run(4, 'card', 'run.json', ...policy, '--openlineage', 'http://127.0.0.1:1')
    const parquet = [
      { name: 'id', data: [ids[4]!, ids[4]!] },
      { name: 'at', data: ['2026-05-21T10:00:00Z', '2026-05-21T10:00:00Z'] },
    ]
    const other = { name: mark(), data: [mark(), mark()] }
    writeFileSync(
      join(cwd, 'in.parquet'),
      parquetOf(
        [
          ...parquet,
          { name: 'note', data: [mark(), mark()] },
          { name: 'born', data: ['1980-01-01', mark()] },
          other,
        ].map((column) => ({ ...column, type: 'STRING' as const })),
      ),
    )
    await run(
      3,
      'batch',
      'in.parquet',
      ...batch,
      '-o',
      'clean/of-parquet.ndjson',
      '--dead-letter',
      'dead-parquet.ndjson',
      '--summary',
      'sum-parquet.json',
    )
    await run(3, 'batch', 'in.parquet', ...batch, '-o', 'clean/of-parquet.csv', '--verbose')
    const plain = ['--parquet-compression', 'none']
    await run(3, 'batch', 'in.parquet', ...batch, ...plain, '-o', 'typed.parquet', '--verbose')
    await run(3, 'batch', 'in.ndjson', ...batch, ...plain, '-o', 'clean/lines.parquet')
    const parted = ['--partition-by', 'at,id', '--verbose']
    await run(3, 'batch', 'in.ndjson', ...batch, ...parted, '-o', 'clean/parted')
    await run(3, 'batch', 'in.parquet', ...batch, ...plain, ...parted, '-o', 'clean/parted-too')
    await run(2, 'batch', 'in.ndjson', ...batch, ...parted, '-o', 'none', '--max-partitions', '1')
    writeFileSync(join(cwd, 'bad.parquet'), readFileSync(join(cwd, 'in.parquet')).subarray(0, -9))
    await run(4, 'batch', 'bad.parquet', ...batch, '-o', 'clean/bad.ndjson')
    await run(3, 'batch', 'bad.ndjson', ...batch, '-o', 'bad-out.ndjson')
    await run(2, 'batch', 'in.ndjson', ...policy, '-o', 'x.ndjson', '--keys', 'keys.json')
    const again = [
      '-o',
      'again.ndjson',
      '--new-dead-letter',
      'again-dead.ndjson',
      '--new-summary',
      'again.json',
    ]
    const replayed = [
      '--dead-letter',
      'dead.ndjson',
      '--summary',
      'run.json',
      '--keys',
      'keys.json',
      ...gates,
      ...again,
    ]
    await run(3, 'replay', 'in.ndjson', ...policy, '--as-of', '2026-07-05T00:00:00Z', ...replayed)
    await both(0, 'verify', 'run.json', 'clean/in.ndjson', ...policy)
    await both(1, 'verify', 'run.json', 'in.ndjson')

    // The same in shards: one that is missing, all, and a file that changed.
    const keyed = [...policy, '--keys', 'keys.json']
    const asOf = ['--as-of', '2026-07-05T00:00:00Z']
    const cutting = ['--min-shard-bytes', '1', '--shards', '2', ...asOf]
    await run(0, 'manifest', 'in.ndjson', ...keyed, ...cutting, '-o', 'manifest.json')
    const shard = (index: string) => ['--manifest', 'manifest.json', '--shard', index, ...keyed, ...gates]
    await run(0, 'batch', ...shard('0'), '-o', 'run', '--verbose')
    await both(1, 'account', 'merge', 'run')
    await run(0, 'batch', ...shard('1'), '-o', 'run')
    await both(3, 'account', 'merge', 'run', '--max-dead-letters', '100%')
    const published = [
      '-o',
      'published',
      '--summary',
      'sum-shards.json',
      '--dead-letter',
      'dead-shards.ndjson',
    ]
    await run(3, 'account', 'merge', 'run', '--max-dead-letters', '100%', ...published, ...ledger, '-v')
    writeFileSync(join(cwd, 'in.table.csv'), `id,${mark()}\n${mark()},"${mark()}`)
    writeFileSync(join(cwd, 'in.broken.csv'), `id,"${mark()}`)
    await run(2, 'manifest', 'in.broken.csv', ...keyed, '--min-shard-bytes', '1', '-o', 'none.json')
    await run(0, 'manifest', 'in.table.csv', ...keyed, '--min-shard-bytes', '1', '-o', 'table.json')
    await run(2, 'batch', '--manifest', 'table.json', '--shard', '0', ...keyed, ...gates, '-o', 'table')

    // A page of evidence; groups that are too small have no name on it either.
    const figures = await warm(
      ['measure', 'in.ndjson', ...measured, ...over, '--by', 'note', '--format', 'json'],
      { cwd },
    )
    put('measured.json', figures.stdout)
    const evidence = ['run.json', ...policy, '--measure', 'measured.json', '--ledger', 'ledger.ndjson']
    await run(1, 'report', ...evidence, '-o', 'report.html')
    await run(2, 'report', 'in.ndjson', '-o', 'none.html')
    put(
      'wrong.yaml',
      `findings:\n  - { id: F-1, concern: ${JSON.stringify(mark())}, due: ${JSON.stringify(mark())} }\n`,
    )
    await run(2, 'report', ...evidence, '--findings', 'wrong.yaml', '-o', 'none.html')

    // A crowd: of files, and of shards with their counts.
    put('crowd.yaml', CROWD)
    const crowded = ['-p', 'crowd.yaml', '--keys', 'keys.json', ...asOf]
    const rows = ['city', 'city', 'village'].map((kind, n) =>
      JSON.stringify({ id: ids[n], kind: `${kind} ${canaries[0]}`, v: mark() }),
    )
    put('in.rows.ndjson', `${rows.join('\n')}\n`)
    await run(
      0,
      'batch',
      'in.rows.ndjson',
      ...crowded,
      '-o',
      'crowd.ndjson',
      '--summary',
      'sum-crowd.json',
      '-v',
    )
    put('strict.yaml', CROWD.replace('onFail: suppress', 'onFail: fail').replace('90%', '0%'))
    await run(1, 'batch', 'in.rows.ndjson', '-p', 'strict.yaml', ...asOf, '-o', 'none.ndjson')
    await run(0, 'manifest', 'in.rows.ndjson', ...crowded, '--shards', '1', '-o', 'crowd.json')
    const counted = [
      'batch',
      '--manifest',
      'crowd.json',
      '--shard',
      '0',
      ...crowded.slice(0, 4),
      '-o',
      'crowd-run',
    ]
    await run(0, ...counted, '--count-classes')
    await run(0, 'account', 'classes', 'crowd-run', '--keys', 'keys.json')
    await run(0, ...counted)
    await run(0, 'account', 'merge', 'crowd-run', '--keys', 'keys.json', '-o', 'crowd-clean')

    // Keys that follow, and holds on subjects, targets and times.
    await run(0, 'keys', 'add', 'keys.json', ...ledger)
    await run(0, 'keys', 'promote', 'keys.json', 'k2', ...ledger)
    await run(0, 'keys', 'disable', 'keys.json', 'k1', ...ledger)
    await run(0, 'keys', 'add', 'keys.json')
    await run(0, 'keys', 'compromise', 'keys.json', 'k3', ...ledger)
    const owner = [
      '--holds',
      'holds.ndjson',
      '--owner',
      'legal',
      '--reason',
      'case 512, of two persons',
      ...ledger,
    ]
    const expires = ['--expires', '2027-06-01']
    await run(
      0,
      'hold',
      'add',
      '--list',
      'held.txt',
      ...policy,
      '--keys',
      'keys.json',
      ...match,
      ...owner,
      ...expires,
    )
    await run(
      0,
      'hold',
      'add',
      '--subject',
      ids[3]!,
      ...policy,
      '--keys',
      'keys.json',
      ...match,
      ...owner,
      ...expires,
    )
    await run(2, 'hold', 'add', '--subject', mark(), ...owner, ...expires)
    await both(0, 'hold', 'list', '--holds', 'holds.ndjson')

    // Erasure: of subjects in a file, of one on the command line, and of one that stands in no row.
    const asked = ['--list', 'asked.txt', ...policy, '--keys', 'keys.json']
    await both(0, 'locate', 'clean', ...asked)
    await both(0, 'locate', 'clean', '--subject', ids[2]!, ...policy, '--keys', 'keys.json')
    await both(0, 'locate', 'clean', '--subject', mark(), ...policy, '--keys', 'keys.json')
    const list = [...policy, '--suppression', 'erasures.ndjson', ...match, '--holds', 'holds.ndjson']
    const sql = ['--emit', 'sql', '--table', 'delta:main.events']
    await run(0, 'forget', 'plan', 'clean', ...asked, ...list.slice(2), '-o', 'order.json', ...sql)
    await run(
      0,
      'forget',
      'plan',
      'clean',
      '--subject',
      ids[2]!,
      ...policy,
      '--keys',
      'keys.json',
      ...list.slice(2),
      '-o',
      'held-order.json',
    )
    const copy = ['in.ndjson', 'in.ndjson.lethe.json'].map(
      (name) => [name, readFileSync(join(cwd, 'clean', name))] as const,
    )
    await run(0, 'forget', 'apply', 'order.json', ...list, ...ledger, '--feed', 'feed.ndjson')
    await run(0, 'forget', 'apply', 'held-order.json', ...list, ...ledger, '--feed', 'feed.ndjson')
    const unsigned = ['--ledger', 'ledger.ndjson', '--anchor', 'other/heads.ndjson', ...signed]
    await run(0, 'forget', 'verify', 'order.json', ...list, ...unsigned, '--receipt', 'receipt.json')
    await run(
      0,
      'forget',
      'verify',
      'order.json',
      ...list,
      ...unsigned,
      '--receipt',
      'receipt2.json',
      '--format',
      'json',
    )
    await both(1, 'forget', 'verify', 'held-order.json', ...list)
    for (const [name, bytes] of copy) writeFileSync(join(cwd, 'clean', name), bytes)
    await run(
      0,
      'forget',
      'replay',
      'order.json',
      ...list,
      ...ledger,
      '--feed',
      'feed.ndjson',
      '-o',
      'replayed.json',
    )
    await run(
      0,
      'forget',
      'replay',
      'order.json',
      ...list,
      ...ledger,
      '-o',
      'replayed2.json',
      '--format',
      'json',
    )

    // Retention: one job, and its parts.
    const kept = [...policy, '--holds', 'holds.ndjson', ...match, ...ledger]
    await run(0, 'retain', 'plan', 'clean', ...kept, '-o', 'retain.json')
    await run(1, 'retain', 'run', 'clean', ...kept, '-o', 'job.json', '--max-delete', '1%')
    await run(0, 'retain', 'apply', 'retain.json', ...kept)
    await both(0, 'retain', 'verify', 'retain.json', ...kept)
    const [held] = /h[0-9a-f]{8}/.exec(readFileSync(join(cwd, 'holds.ndjson'), 'utf8'))!
    await run(0, 'hold', 'release', held, ...owner)

    // The ledger of it all.
    const publics = ['host.pem.pub', 'person.pem.pub'].map((name) => readFileSync(join(cwd, name), 'utf8'))
    put('both.pem', publics.join(''))
    await both(0, 'audit', 'verify', 'ledger.ndjson', '--keys', 'both.pem', '--anchor', 'other/heads.ndjson')
    await both(0, 'audit', 'show', 'ledger.ndjson')
    await run(0, 'audit', 'seal', 'ledger.ndjson', ...signed, '--anchor', 'other/heads.ndjson')
    await run(
      0,
      'audit',
      'drop',
      'ledger.ndjson',
      '--before',
      '2020-01-01',
      ...signed,
      '--anchor',
      'other/heads.ndjson',
      '--no-holds',
    )

    for (const name of readdirSync(cwd, { recursive: true, encoding: 'utf8' }))
      if (!INPUTS.test(name) && name !== 'held.txt' && statSync(join(cwd, name)).isFile())
        texts.push([`file ${name}`, readFileSync(join(cwd, name))])
    expect(texts.length).toBeGreaterThan(150)
    const found = findCanaries(
      canaries,
      texts.map(([, bytes]) => bytes),
    )
    expect(found.map(({ text, spelling }) => `${spelling} in ${texts[text]![0]}`)).toEqual([])
    // What is searched for is there to be found.
    expect(findCanaries(canaries.slice(0, 1), [readFileSync(join(cwd, 'in.ndjson'))])).toHaveLength(1)
  })

  it('went through every command, and as JSON wherever it can be asked for', () => {
    const leaves = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', LEAVES], { encoding: 'utf8' }),
    ) as { readonly name: string; readonly asJson: boolean }[]
    expect(leaves.length).toBeGreaterThan(30)
    const missing = leaves
      .filter(({ name }) => ELSEWHERE[name] === undefined)
      .flatMap(({ name, asJson }) => [name, ...(asJson ? [`${name} --format json`] : [])])
      .filter((name) => !took.has(name))
    expect(missing).toEqual([])
  })
})
