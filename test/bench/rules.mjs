/** The compiled text functions of a benchmark policy, for the baselines that use them outside of Lethe's walkers. */
import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'

const DIST = process.env.LETHE_BENCH_DIST ?? join(import.meta.dirname, '../../dist')
const load = (file) => import(pathToFileURL(join(DIST, 'transforms', file)).href)
const { Failure } = await load('transform.js')
const { transforms } = await load('index.js')

/** Gives, by output path, a function from text to text. It throws where Lethe would dead-letter. */
export function compileRules(policyFile, keysFile) {
  const policy = parse(readFileSync(policyFile, 'utf8'))
  const keyset = JSON.parse(readFileSync(keysFile, 'utf8'))
  const { id, secret } = keyset.keys.find((key) => key.id === keyset.primary)
  const rules = {}
  for (const [path, rule] of Object.entries(policy.fields)) {
    if (typeof rule === 'string') continue
    const { use, ...options } = rule
    const transform = transforms.find((each) => each.name === use)
    const context = {
      path,
      key: (keyUse, domain) => {
        const info = `lethe/v1/${keyUse}/${domain}`
        const bytes = hkdfSync('sha256', Buffer.from(secret, 'base64url'), Buffer.alloc(0), info, 32)
        return { id, bytes: new Uint8Array(bytes) }
      },
      readText: (file) => readFileSync(file, 'utf8'),
      readTable: () => [],
      usesList: () => {},
      usesPlatform: () => {},
    }
    const { apply } = transform.compile(transform.options.parse(options), context)
    const record = { subject: undefined, eventTime: undefined }
    rules[path] = (text) => {
      const result = apply(text, record)
      if (result instanceof Failure) throw new Error(`${path}: ${result.code}`)
      return result
    }
  }
  return rules
}
