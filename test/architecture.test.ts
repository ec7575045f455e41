/** The direction of imports, from the real import graph. `src/README.md` has the same table for people. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Room by room: the rooms and the packages it may import. Its own files and node:* are always allowed. */
const ROOMS: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly packages: readonly string[] }>
> = {
  transforms: { rooms: [], packages: ['zod', 're2js', '@faker-js/faker'] },
  errors: { rooms: ['transforms'], packages: [] },
  keys: { rooms: ['errors', 'transforms'], packages: ['zod'] },
  identify: { rooms: ['errors', 'transforms'], packages: [] },
  policy: { rooms: ['errors', 'identify', 'transforms'], packages: ['zod', 'yaml'] },
  groups: { rooms: ['policy'], packages: [] },
  record: {
    rooms: ['errors', 'policy', 'transforms'],
    packages: ['avsc', '@bufbuild/protobuf', 'protobufjs'],
  },
  registry: { rooms: ['errors', 'record'], packages: [] },
  engine: { rooms: ['errors', 'groups', 'policy', 'record', 'transforms'], packages: [] },
  measures: { rooms: ['engine', 'errors', 'groups', 'policy', 'record'], packages: ['zod'] },
  solve: { rooms: ['measures'], packages: [] },
  lists: { rooms: ['errors', 'files', 'keys', 'policy'], packages: [] },
  gates: { rooms: ['engine', 'errors', 'keys', 'lists', 'policy'], packages: [] },
  files: { rooms: ['engine', 'errors', 'policy', 'record'], packages: [] },
  kafka: {
    rooms: ['engine', 'errors', 'files', 'groups', 'keys', 'policy', 'record', 'registry', 'transforms'],
    packages: ['zod', 're2js'],
  },
  datasets: { rooms: ['errors', 'files', 'kafka', 'record'], packages: [] },
  sealing: { rooms: ['errors', 'keys'], packages: [] },
  letters: { rooms: ['errors', 'files', 'forms', 'kafka', 'sealing'], packages: [] },
  telemetry: { rooms: ['errors'], packages: ['pino', 'prom-client'] },
  run: {
    rooms: [
      'approval',
      'datasets',
      'engine',
      'errors',
      'files',
      'gates',
      'groups',
      'kafka',
      'keys',
      'ledger',
      'lists',
      'measures',
      'policy',
      'record',
      'registry',
      'sealing',
      'signing',
      'telemetry',
      'transforms',
    ],
    packages: [],
  },
  terminal: { rooms: ['transforms'], packages: [] },
  init: {
    rooms: ['errors', 'files', 'identify', 'policy', 'record', 'terminal', 'transforms'],
    packages: [],
  },
  doctor: {
    rooms: [
      'approval',
      'datasets',
      'engine',
      'errors',
      'gates',
      'kafka',
      'keys',
      'ledger',
      'lists',
      'policy',
      'signing',
      'terminal',
      'transforms',
    ],
    packages: [],
  },
  catalogue: { rooms: ['errors', 'policy', 'terminal', 'transforms'], packages: ['zod'] },
  forms: { rooms: ['approval', 'kafka', 'measures', 'record', 'run'], packages: ['zod'] },
  batch: {
    rooms: [
      'approval',
      'engine',
      'errors',
      'files',
      'forms',
      'gates',
      'groups',
      'keys',
      'ledger',
      'lifecycle',
      'lists',
      'measures',
      'policy',
      'record',
      'run',
      'sealing',
      'solve',
    ],
    packages: [],
  },
  shards: {
    rooms: [
      'batch',
      'engine',
      'errors',
      'files',
      'forms',
      'groups',
      'keys',
      'lifecycle',
      'policy',
      'record',
      'run',
    ],
    packages: [],
  },
  explain: {
    rooms: [
      'approval',
      'engine',
      'errors',
      'files',
      'forms',
      'gates',
      'identify',
      'policy',
      'run',
      'terminal',
      'transforms',
    ],
    packages: [],
  },
  cards: {
    rooms: ['batch', 'errors', 'explain', 'files', 'forms', 'keys', 'policy', 'record', 'run', 'terminal'],
    packages: ['yaml', 'zod'],
  },
  signing: { rooms: ['errors', 'keys'], packages: [] },
  approval: { rooms: ['errors', 'policy', 'signing'], packages: [] },
  ledger: { rooms: ['errors', 'files', 'policy', 'signing'], packages: [] },
  lifecycle: {
    rooms: [
      'datasets',
      'engine',
      'errors',
      'files',
      'forms',
      'kafka',
      'ledger',
      'measures',
      'policy',
      'record',
      'run',
      'transforms',
    ],
    packages: ['zod'],
  },
  erasure: {
    rooms: [
      'engine',
      'errors',
      'files',
      'kafka',
      'keys',
      'lifecycle',
      'lists',
      'policy',
      'record',
      'registry',
      'run',
      'signing',
      'transforms',
    ],
    packages: ['zod'],
  },
  report: {
    rooms: [
      'approval',
      'catalogue',
      'diff',
      'engine',
      'errors',
      'explain',
      'files',
      'forms',
      'keys',
      'ledger',
      'lifecycle',
      'policy',
      'run',
      'terminal',
      'transforms',
    ],
    packages: ['zod'],
  },
  diff: { rooms: ['explain', 'identify', 'policy', 'terminal', 'transforms'], packages: [] },
  demo: { rooms: ['errors', 'kafka', 'keys', 'terminal'], packages: ['@faker-js/faker'] },
  cli: {
    rooms: [
      'approval',
      'batch',
      'cards',
      'catalogue',
      'demo',
      'diff',
      'doctor',
      'engine',
      'erasure',
      'errors',
      'explain',
      'files',
      'forms',
      'gates',
      'groups',
      'identify',
      'init',
      'kafka',
      'keys',
      'ledger',
      'letters',
      'lifecycle',
      'lists',
      'policy',
      'record',
      'report',
      'run',
      'sealing',
      'shards',
      'signing',
      'telemetry',
      'terminal',
      'transforms',
    ],
    packages: ['commander', 'zod', 'yaml', '@faker-js/faker'],
  },
  index: {
    rooms: ['batch', 'engine', 'errors', 'gates', 'keys', 'lists', 'policy', 'run', 'transforms'],
    packages: [],
  },
}

/** The folders that may import a client library, or what it needs: its driver's, and no other; and the one file of zstd. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = {
  'src/kafka/drivers/rdkafka/': ['node-rdkafka'],
  'src/kafka/drivers/kafkajs/': ['kafkajs', 'snappy', 'lz4-napi', '@bokuweb/zstd-wasm'],
  'src/files/zstd.ts': ['@cloudpss/zstd'],
  'src/files/s3/': ['@aws-sdk/client-s3'],
  'src/files/parquet/': ['hyparquet', 'hyparquet-writer', 'snappy'],
  'src/sealing/age.ts': ['age-encryption'],
}

const roomOf = (file: string): string => {
  const [top, next] = relative(root, file).split(sep)
  return top === 'transforms' ? 'transforms' : next!.replace(/\.ts$/, '')
}

const sources = ['src', 'transforms'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.as.ts'))
    .map((entry) => join(entry.parentPath, entry.name)),
)

interface Import {
  readonly from: string
  readonly to: string
}

const imports: readonly Import[] = sources.flatMap((from) =>
  [
    ...readFileSync(from, 'utf8').matchAll(
      /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map((match) => ({ from, to: (match[1] ?? match[2] ?? match[3])! })),
)

describe('the house', () => {
  it('is seen: its files, its rooms and its imports', () => {
    expect(sources.length).toBeGreaterThan(80)
    expect(imports.length).toBeGreaterThan(300)
    expect(new Set(sources.map(roomOf))).toEqual(new Set(Object.keys(ROOMS)))
    expect(imports.some(({ from, to }) => roomOf(from) === 'cli' && to === 'commander')).toBe(true)
  })

  it('has imports in one direction only', () => {
    const wrong = imports.flatMap(({ from, to }) => {
      const room = roomOf(from)
      const allowed = ROOMS[room]!
      if (to.startsWith('node:')) return []
      if (!to.startsWith('.')) {
        const name = to
          .split('/')
          .slice(0, to.startsWith('@') ? 2 : 1)
          .join('/')
        const driver = Object.entries(DRIVERS).find(([folder]) => relative(root, from).startsWith(folder))
        const packages = [...allowed.packages, ...(driver?.[1] ?? [])]
        return packages.includes(name) ? [] : [`${relative(root, from)} imports ${to}`]
      }
      const target = roomOf(resolve(from, '..', to))
      return target === room || allowed.rooms.includes(target)
        ? []
        : [`${relative(root, from)} imports ${to}`]
    })
    expect(wrong).toEqual([])
  })

  it('imports files by their full names, and no barrel', () => {
    const relativeOnes = imports.filter(({ to }) => to.startsWith('.'))
    expect(relativeOnes.filter(({ to }) => !to.endsWith('.ts')).map(({ to }) => to)).toEqual([])
    const barrels = relativeOnes.filter(
      ({ from, to }) => resolve(from, '..', to) === join(root, 'src/index.ts'),
    )
    expect(barrels).toEqual([])
  })

  it('starts threads in one place', () => {
    const starts = sources.filter((file) => /\bnew Worker\(/.test(readFileSync(file, 'utf8')))
    expect(starts.map((file) => relative(root, file))).toEqual(['src/engine/threads.ts'])
  })

  it('has no file name twice in src, but the index of a room', () => {
    const names = sources
      .filter((file) => roomOf(file) !== 'transforms')
      .map((file) => basename(file))
      .filter((name) => name !== 'index.ts')
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it('has no exported type name twice in src', () => {
    const names = sources
      .filter((file) => roomOf(file) !== 'transforms')
      .flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(/^export (?:abstract )?(?:interface|type|class|enum) (\w+)/gm),
      ])
      .map((match) => match[1]!)
    expect(names.length).toBeGreaterThan(200)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it('shows definitions alone where transforms stand: their twins for speed are in fast/', () => {
    const isFast = (file: string): boolean =>
      relative(root, file).startsWith(join('transforms', 'fast') + sep)
    const definitions = sources.filter((file) => roomOf(file) === 'transforms' && !isFast(file))
    expect(definitions.filter((file) => file.endsWith('-bytes.ts'))).toEqual([])
    const importing = imports.filter(
      ({ from, to }) => !isFast(from) && to.startsWith('.') && isFast(resolve(from, '..', to)),
    )
    expect(new Set(importing.map(({ from }) => relative(root, from)))).toEqual(
      new Set(['transforms/index.ts']),
    )
    const bringing = definitions.filter((file) =>
      /\b(?:applyAll|writeBytes|writeAllBytes)\b/.test(readFileSync(file, 'utf8')),
    )
    expect(bringing.map((file) => relative(root, file))).toEqual(['transforms/transform.ts'])
    // A twin stands where its transform does, so that it is found by name.
    const table = imports.filter(({ from }) => relative(root, from) === 'transforms/fast/index.ts')
    const twins = table.map(({ to }) => to).filter((to) => to !== './twin.ts')
    expect(twins.length).toBeGreaterThan(10)
    for (const twin of twins) expect(sources).toContain(join(root, 'transforms', twin))
  })

  it('composes in record and engine: no class extends another, errors apart', () => {
    const extending = sources
      .filter((file) => ['record', 'engine'].includes(roomOf(file)))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\bclass \w+ extends (\w+)/g)])
      .map((match) => match[0])
    expect(extending.filter((one) => !/Error$/.test(one))).toEqual([])
  })

  it('parses and prints in cli, and knows the rest elsewhere', () => {
    const linesOf = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1
    const filesIn = (folder: string): string[] =>
      sources.filter((file) => relative(root, file).startsWith(folder))
    const linesIn = (folder: string): number =>
      filesIn(folder).reduce((lines, file) => lines + linesOf(file), 0)
    expect(linesIn('src/cli/stream')).toBeGreaterThan(0)
    expect(linesIn('src/cli/stream')).toBeLessThan(400)
    expect(filesIn('src/cli/').filter((file) => linesOf(file) > 300)).toEqual([])
    // 4,500 when there were 19 commands.
    expect(linesIn('src/cli/') / commands.length).toBeLessThan(237)
  })

  it('has no cycles', () => {
    const edges = new Map<string, string[]>()
    for (const { from, to } of imports)
      if (to.startsWith('.')) edges.set(from, [...(edges.get(from) ?? []), resolve(from, '..', to)])
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
      if (done.has(file)) return undefined
      for (const next of edges.get(file) ?? []) {
        const cycle = visit(next, [...path, file])
        if (cycle !== undefined) return cycle
      }
      done.add(file)
      return undefined
    }
    const cycles = sources.map((file) => visit(file, [])).filter((cycle) => cycle !== undefined)
    expect(cycles.map((cycle) => cycle.map((file) => relative(root, file)))).toEqual([])
  })
})
