/** A bucket that keeps older versions: nothing in it is touched, nor said to be absent. */
import { copyFileSync } from 'node:fs'
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { Versitygw } from '../versitygw.ts'
import { untouchedOf } from './job.ts'
import { erasing, type Lakes, POLICED, retainPlan } from './lake.ts'
import type { Env, StoreProof } from './store-proof.ts'

export async function versions(proof: StoreProof, lakes: Lakes): Promise<void> {
  const server = await Versitygw.start(proof.path('versioned'), proof.path('versions'))
  const client = server.client()
  try {
    const store = new VersionedStore(proof, lakes, server.env, client)
    await store.fill()
    await store.untouched()
    await store.deleted()
  } finally {
    client.destroy()
    await server.stop()
  }
}

class VersionedStore {
  readonly #proof: StoreProof
  readonly #lakes: Lakes
  readonly #env: Env
  readonly #client: ReturnType<Versitygw['client']>

  constructor(proof: StoreProof, lakes: Lakes, env: Env, client: ReturnType<Versitygw['client']>) {
    this.#proof = proof
    this.#lakes = lakes
    this.#env = env
    this.#client = client
  }

  /** The lake in a bucket of the same name, which has no versions yet. */
  async fill(): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: 'clean' }))
    await this.#proof.putAll(this.#client, this.#lakes.objects)
  }

  async #set(Status: 'Enabled' | 'Suspended'): Promise<void> {
    await this.#client.send(
      new PutBucketVersioningCommand({ Bucket: 'clean', VersioningConfiguration: { Status } }),
    )
  }

  /** All that there is, older versions too. */
  async #versions(): Promise<string> {
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      new ListObjectVersionsCommand({ Bucket: 'clean' }),
    )
    return [
      ...Versions.map(
        ({ Key, VersionId, ETag, IsLatest }) =>
          `${Key} ${VersionId} ${ETag}${IsLatest === true ? ' latest' : ''}`,
      ),
      ...DeleteMarkers.map(({ Key }) => `gone ${Key}`),
    ]
      .sort()
      .join('\n')
  }

  /** `--object-versions delete`: what an order was made of is there in its newest state alone. */
  async deleted(): Promise<void> {
    const [proof, lakes, env] = [this.#proof, this.#lakes, this.#env]
    await this.#set('Enabled')
    // An older version of each object.
    await proof.putAll(this.#client, lakes.objects)
    const all = ['--object-versions', 'delete']
    const planned = await proof.run([...retainPlan(lakes, lakes.store, 'delete.json'), ...all], env)
    const applied = await proof.run(['retain', 'apply', 'delete.json', ...POLICED], env)
    const verified = await proof.run(['retain', 'verify', 'delete.json', ...POLICED], env)
    proof.check(
      'older versions too: planned, applied and verified absent',
      [planned, applied, verified].every(({ code }) => code === 0),
      [planned, applied, verified].map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`).join('\n'),
    )
    const erasure = [
      ...lakes.store.targets,
      '--list',
      'asked.txt',
      '--keys',
      'keys.json',
      ...erasing('deleted.list'),
    ]
    copyFileSync(proof.path('begun.ndjson'), proof.path('deleted.list'))
    const asked = await proof.run(['forget', 'plan', ...erasure, ...all, '-o', 'delete-forget.json'], env)
    const erased = await proof.run(['forget', 'apply', 'delete-forget.json', ...erasing('deleted.list')], env)
    const receipt = ['--receipt', 'delete-receipt.json', '--signing-key', 'host.pem']
    const closed = await proof.run(
      ['forget', 'verify', 'delete-forget.json', ...erasing('deleted.list'), ...receipt],
      env,
    )
    proof.check(
      'and erased, with a receipt that is closed',
      [asked, erased, closed].every(({ code }) => code === 0),
      [asked, erased, closed].map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`).join('\n'),
    )
    const { targets } = JSON.parse(proof.read('delete.json')) as { targets: { target: string }[] }
    const keys = new Set(targets.map(({ target }) => target.slice('file:s3://clean/'.length)))
    const older = (await this.#versions())
      .split('\n')
      .filter(
        (line) => !line.endsWith(' latest') && keys.has(line.split(' ')[line.startsWith('gone') ? 1 : 0]!),
      )
    proof.check(`no older version of ${keys.size} targets is there`, older.length === 0, older.join('\n'))
  }

  async untouched(): Promise<void> {
    const [proof, lakes] = [this.#proof, this.#lakes]
    const planned = await proof.run(retainPlan(lakes, lakes.store, 'plain.json'), this.#env)
    proof.check('a bucket that never had versions is planned as any', planned.code === 0, planned.stderr)
    for (const status of ['Enabled', 'Suspended'] as const) {
      await this.#set(status)
      const before = await this.#versions()
      const applied = await proof.run(['retain', 'apply', 'plain.json', ...POLICED], this.#env)
      proof.check(
        `versioning ${status}: an order that was made before is refused`,
        applied.code === 4 && /keeps older versions/.test(applied.stderr),
        `${applied.code} ${applied.stderr}`,
      )
      const again = await proof.run(retainPlan(lakes, lakes.store, 'versions.json'), this.#env)
      const codes = new Set(untouchedOf(proof, 'versions.json').map(({ code }) => code))
      proof.check(
        `versioning ${status}: a plan ends with 1 and touches nothing (versions-stay)`,
        again.code === 1 && [...codes].join() === 'versions-stay',
        `${again.code} ${[...codes]} ${again.stderr}`,
      )
      const erasure = [
        ...lakes.store.targets,
        '--list',
        'asked.txt',
        '--keys',
        'keys.json',
        ...erasing('versions.list'),
      ]
      const asked = await proof.run(['forget', 'plan', ...erasure, '-o', 'versions-forget.json'], this.#env)
      await proof.run(['forget', 'apply', 'versions-forget.json', ...erasing('versions.list')], this.#env)
      const verified = await proof.run(
        [
          ...['forget', 'verify', 'versions-forget.json', ...erasing('versions.list')],
          ...['--receipt', 'versions-receipt.json', '--signing-key', 'host.pem'],
        ],
        this.#env,
      )
      proof.check(
        `versioning ${status}: an erasure erases nothing, and its receipt is open`,
        asked.code === 1 &&
          verified.code === 1 &&
          JSON.parse(proof.read('versions-receipt.json')).closed === false,
        `${asked.code} ${verified.code} ${verified.stdout}`,
      )
      proof.check(`versioning ${status}: all versions are there`, (await this.#versions()) === before)
    }
  }
}
