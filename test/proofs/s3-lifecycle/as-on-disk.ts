/** Retention and erasure leave in a bucket what they leave on a disk; receipts close; data sets verify; others read the Parquet. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import {
  ASKED,
  contentsOf,
  differences,
  erasing,
  forgetPlan,
  type Lake,
  type Lakes,
  POLICED,
  retainPlan,
} from './lake.ts'
import type { StoreProof } from './store-proof.ts'

const LEDGER = ['--ledger', 'ledger.ndjson', '--signing-key', 'host.pem'] as const
const PYARROW = 'pyarrow==26.0.1'
const DUCKDB = 'duckdb==2.0.1'
const READ = `import json, sys, duckdb, pyarrow.parquet as pq
a = pq.read_table(sys.argv[1]).to_pylist()
d = duckdb.read_parquet(sys.argv[1]).to_arrow_table().to_pylist()
print(json.dumps([a, a == d], default=str))`

/** The environment of Python that `proof:parquet` makes, too. */
function pythonWithBoth(): string {
  const environment = join(tmpdir(), `lethe-proof-${PYARROW}-${DUCKDB}`)
  const python = join(environment, 'bin/python')
  if (!existsSync(join(environment, 'ready'))) {
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' })
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', PYARROW, DUCKDB], { stdio: 'inherit' })
    execFileSync('touch', [join(environment, 'ready')])
  }
  return python
}

/** Both commands on both lakes. Leaves both as they are then. */
export async function asOnDisk(proof: StoreProof, lakes: Lakes): Promise<void> {
  const both = [
    ['disk', lakes.disk],
    ['store', lakes.store],
  ] as const
  const compare = async (what: string): Promise<void> => {
    const [disk, store] = [await contentsOf(proof, lakes, 'disk'), await contentsOf(proof, lakes, 'store')]
    const others = differences(disk, store)
    proof.check(
      `${what}: ${disk.size} files and objects hold the same`,
      others.length === 0,
      others.join('\n'),
    )
  }
  const verify = async (lake: Lake): Promise<string> => {
    const { code, stdout, stderr } = await proof.run([
      'verify',
      'set.json',
      `${lake.base}set/`,
      '-p',
      'policy.yaml',
    ])
    return `${code} ${(stdout + stderr).replaceAll(lake.base, '').replaceAll(/[0-9]+ bytes, sha256 [0-9a-f]+/g, 'bytes')}`
  }
  await compare('as batches left them')
  const set = await verify(lakes.store)
  proof.check('lethe verify: the data set is what its batch wrote', set.startsWith('0 '), set)
  for (const [name, lake] of both) await retained(proof, lakes, lake, name)
  await compare('after retention')
  for (const [name, lake] of both) await erased(proof, lake, name)
  await compare('after erasure')
  await readByOthers(proof, lakes)
  const [on, there] = [await verify(lakes.disk), await verify(lakes.store)]
  proof.check(
    `lethe verify says of the data set what it says on the disk, and that orders changed it (code ${there[0]})`,
    on === there && there.includes('retain or forget changed this data set'),
    `${on}\n${there}`,
  )
  const again = await proof.run([
    'retain',
    'run',
    ...lakes.store.targets,
    ...POLICED,
    '--as-of',
    lakes.asOf,
    '-o',
    'again.json',
    '--max-delete',
    '0.0001%',
  ])
  proof.check('nothing is left to do, and each file is what is told of it', again.code === 0, again.stderr)
  proof.check('no upload is left', (await proof.uploads()).length === 0)
}

interface Order {
  readonly targets: readonly {
    readonly target: string
    readonly rows: number
    readonly deleted: number
    readonly stepped: number
    readonly whole: boolean
    readonly found: number
  }[]
  readonly untouched: readonly unknown[]
}
const orderAt = (proof: StoreProof, name: string): Order => JSON.parse(proof.read(name))
const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0)

async function retained(proof: StoreProof, lakes: Lakes, lake: Lake, name: string): Promise<void> {
  const file = `retain-${name}.json`
  const planned = await proof.run(retainPlan(lakes, lake, file))
  const { targets, untouched } = orderAt(proof, file)
  const [deleted, stepped] = [sum(targets.map((one) => one.deleted)), sum(targets.map((one) => one.stepped))]
  const whole = targets.filter((one) => one.whole).length
  proof.check(
    `${name}: a plan of ${targets.length} files: ${deleted} rows go, ${stepped} are stepped, ${whole} files go whole`,
    planned.code === 0 && untouched.length === 0 && deleted > 0 && stepped > 0 && whole > 1,
    planned.stderr,
  )
  const applied = await proof.run(['retain', 'apply', file, ...POLICED, ...LEDGER])
  proof.check(`${name}: it is applied (${applied.seconds.toFixed(1)} s)`, applied.code === 0, applied.stderr)
  const verified = await proof.run(['retain', 'verify', file, ...POLICED])
  proof.check(`${name}: and verified absent`, verified.code === 0, verified.stdout + verified.stderr)
}

async function erased(proof: StoreProof, lake: Lake, name: string): Promise<void> {
  const file = `forget-${name}.json`
  copyFileSync(proof.path('begun.ndjson'), proof.path('erasures.ndjson'))
  const planned = await proof.run(forgetPlan(lake, file))
  const { targets, untouched } = orderAt(proof, file)
  proof.check(
    `${name}: rows of ${ASKED.length} subjects in ${targets.filter((one) => one.deleted > 0).length} files`,
    planned.code === 0 && untouched.length === 0 && sum(targets.map((one) => one.deleted)) > 0,
    planned.stderr,
  )
  const applied = await proof.run([
    'forget',
    'apply',
    file,
    ...erasing(),
    '--feed',
    `feed-${name}.ndjson`,
    ...LEDGER,
  ])
  proof.check(
    `${name}: they are erased (${applied.seconds.toFixed(1)} s)`,
    applied.code === 0,
    applied.stderr,
  )
  const receipt = `receipt-${name}.json`
  const verified = await proof.run([
    'forget',
    'verify',
    file,
    ...erasing(),
    '--receipt',
    receipt,
    '--signing-key',
    'host.pem',
  ])
  proof.check(
    `${name}: the receipt is closed`,
    verified.code === 0 && JSON.parse(proof.read(receipt)).closed === true,
    verified.stdout + verified.stderr,
  )
  const located = await proof.run([
    'locate',
    ...lake.targets,
    '--list',
    'asked.txt',
    '-p',
    'policy.yaml',
    '--keys',
    'keys.json',
    '--format',
    'json',
  ])
  const found = sum((JSON.parse(located.stdout) as Order).targets.map((one) => one.found))
  proof.check(`${name}: no row of theirs is located`, located.code === 0 && found === 0, located.stderr)
}

async function readByOthers(proof: StoreProof, { prefix }: Lakes): Promise<void> {
  const python = pythonWithBoth()
  const bytes = await proof.get(`${prefix}files/e.parquet`)
  writeFileSync(proof.path('e.parquet'), bytes)
  const said = execFileSync(python, ['-c', READ, proof.path('e.parquet')], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  const [rows, isSame] = JSON.parse(said) as [readonly unknown[], boolean]
  const wanted = await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
  proof.check(
    `pyarrow and DuckDB read the ${rows.length} rows of the Parquet that is left`,
    isSame && JSON.stringify(rows) === JSON.stringify(wanted) && rows.length > 0,
    said.slice(0, 500),
  )
}
