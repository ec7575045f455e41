/** Files through the image, as docker/README.md runs them: the same bytes as the build of this checkout gives. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateEvents } from '../../../src/demo/generate-events.ts'
import type { CommandEnded, Commands } from '../commands.ts'
import type { Containers } from './container.ts'

export interface Trial {
  readonly commands: Commands
  readonly containers: Containers
  /** Of the checkout. */
  readonly root: string
  /** Of the trial; belongs to the image's user. */
  readonly data: string
  readonly events: number
}

export const POLICY = 'config/policies/customer-events.yaml'

/** This checkout's own build. */
export async function here(trial: Trial, ...args: readonly string[]): Promise<CommandEnded> {
  return await trial.commands.run(process.execPath, [join(trial.root, 'dist/bin/lethe.js'), ...args], {
    cwd: trial.data,
  })
}

/** A folder with the events and a keyset that the image made. */
export async function prepare(trial: Trial): Promise<void> {
  const { containers, data, events } = trial
  const [uid, gid] = containers.image.User.split(':').map(Number)
  mkdirSync(data)
  chownSync(data, uid!, gid!)
  const { ndjson, csv } = await generateEvents({ count: events, seed: 1, asOf: new Date() })
  writeFileSync(join(data, 'events.ndjson'), ndjson.bytes)
  writeFileSync(join(data, 'events.csv'), csv.bytes)
  const made = await inImage(trial, 'keys', 'create', 'keys.json')
  if (made.status !== 0) throw new Error(`the image made no keys: ${made.stderr}`)
}

const inImage = async ({ containers, data }: Trial, ...args: readonly string[]): Promise<CommandEnded> =>
  await containers.run({ args, cwd: '/data', mounts: [{ from: data, to: '/data', writable: true }] })

/** @returns what was compared. @throws Error where the image and the build differ */
export async function tryBatch(trial: Trial): Promise<string> {
  const asOf = new Date().toISOString()
  const told: string[] = []
  for (const input of ['events.ndjson', 'events.csv']) {
    const args = (name: string, policy: string): string[] => {
      const outputs = ['-o', `${name}-${input}`, '--dead-letter', `${name}-dead-${input}.ndjson`]
      return ['batch', input, '-p', policy, '--keys', 'keys.json', '--as-of', asOf, ...outputs]
    }
    const image = await inImage(trial, ...args('image', join('/app', POLICY)))
    const build = await here(trial, ...args('build', join(trial.root, POLICY)))
    // 3: the events have broken ones among them.
    if (image.status !== 3 || build.status !== 3)
      throw new Error(`${input}: ended with ${image.status} and ${build.status}: ${image.stderr}`)
    for (const name of [input, `dead-${input}.ndjson`]) {
      const [one, other] = ['image', 'build'].map((by) => readFileSync(join(trial.data, `${by}-${name}`)))
      if (one!.length === 0 || !one!.equals(other!))
        throw new Error(
          `${name}: ${one!.length} bytes of the image are not the ${other!.length} of the build`,
        )
      told.push(`${name} ${one!.length} bytes`)
    }
  }
  return told.join(', ')
}
