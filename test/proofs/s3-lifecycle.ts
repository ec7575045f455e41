/**
 * `npm run proof:s3-lifecycle [-- --seed N --only PART,…]`: retention and erasure of what lies in an object store, over versitygw, which checks
 * signatures and judges conditions, with commands as processes. Ends with 1 where something does not hold.
 */
import { parseArgs } from 'node:util'
import { asOnDisk } from './s3-lifecycle/as-on-disk.ts'
import { atOnce } from './s3-lifecycle/at-once.ts'
import { canaries } from './s3-lifecycle/canaries.ts'
import { faultyServer } from './s3-lifecycle/faulty-server.ts'
import { killed } from './s3-lifecycle/killed.ts'
import { type Lakes, makeLakes } from './s3-lifecycle/lake.ts'
import { large } from './s3-lifecycle/large.ts'
import { StoreProof } from './s3-lifecycle/store-proof.ts'
import { streamed } from './s3-lifecycle/stream-lake.ts'
import { versions } from './s3-lifecycle/versions.ts'

const PARTS: Readonly<Record<string, (proof: StoreProof, lakes: Lakes) => Promise<void>>> = {
  'as-on-disk': asOnDisk,
  stream: streamed,
  killed,
  'at-once': atOnce,
  'faulty-server': faultyServer,
  versions,
  large,
}
const { values } = parseArgs({
  options: { seed: { type: 'string', default: String(Date.now() % 100_000) }, only: { type: 'string' } },
})
const seed = Number(values.seed)
const parts = values.only?.split(',') ?? Object.keys(PARTS)
const unknown = parts.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join()}; there are ${Object.keys(PARTS).join()}`)
const proof = await StoreProof.start(seed)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void proof.stop().finally(() => process.exit(130)))
proof.say(`seed ${seed}`)
let code = 1
try {
  const began = performance.now()
  const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`
  const lakes = await makeLakes(proof)
  proof.say(`  two lakes, ${lakes.objects.size} objects: ${seconds(began)}`)
  for (const name of parts) {
    const since = performance.now()
    await PARTS[name]!(proof, lakes)
    proof.say(`  ${name}: ${seconds(since)}`)
  }
  await canaries(proof)
  proof.say(`${proof.held} hold, ${proof.failed} do not; seed ${seed}, ${seconds(began)}`)
  code = proof.failed > 0 ? 1 : 0
} finally {
  await proof.stop()
}
// A connection that the proxy cut may stay open on this side.
process.exit(code)
