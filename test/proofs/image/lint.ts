/** The validators that docker/ must pass: hadolint, and the schemas of Kubernetes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Commands } from '../commands.ts'

/** @param bin the folder of the validators' commands. @returns what passed. @throws Error with what they found */
export async function validate(commands: Commands, bin: string, docker: string): Promise<string> {
  await commands.must(join(bin, 'hadolint'), ['--no-color', join(docker, 'Dockerfile')])
  const folder = join(docker, 'kubernetes')
  const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as {
    resources: readonly string[]
  }
  const files = [...resources.map((name) => join(folder, name)), join(docker, 'shards', 'job.yaml')]
  const { status, stdout, stderr } = await commands.run(join(bin, 'kubernetes-validate'), [
    '--strict',
    ...files,
  ])
  const said = `${stdout}${stderr}`
  // It ends with 0 for a kind that it has no schema of, too.
  const passed = [...said.matchAll(/ passed for resource (\S+) against version (\S+)/g)]
  if (status !== 0 || passed.length < files.length) throw new Error(said)
  return `hadolint: nothing; Kubernetes ${passed[0]?.[2]}: ${passed.map(([, name]) => name).join(', ')}`
}
