/** Which subjects, under which policies and keys: options of the commands that look for subjects in what is stored. */
import { type Command, Option } from 'commander'
import { type NamedPolicy, type PipelineJob, withJob } from '../erasure/pipeline-job.ts'
import { LetheError } from '../errors.ts'
import { readLines } from '../lists/file-lines.ts'
import { planOf } from './policy-option.ts'

const repeated = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

export interface PoliciesOptions {
  readonly policy: readonly string[]
}

const policies = (): Option =>
  new Option(
    '-p, --policy <file>',
    'the policy; then earlier versions of it, which made files too (may be repeated)',
  ).argParser(repeated)

export const addPolicies = (command: Command): Command => command.addOption(policies().makeOptionMandatory())

export interface PipelineOption {
  readonly pipeline?: string
}

/** Policies, those of a pipeline, or both. */
export const addPoliciesOrPipeline = (command: Command): Command =>
  command
    .addOption(policies().default([], 'those of --pipeline'))
    .option('--pipeline <file>', 'also the topics that this pipeline writes to, by its policies')

export interface SubjectOptions extends PoliciesOptions {
  readonly subject?: readonly string[]
  readonly list?: string
  readonly keys?: string
}

const addNames = (command: Command): Command =>
  command
    .addOption(
      new Option('--subject <id>', 'a subject, as it stands in events; may be repeated').argParser(repeated),
    )
    .option('--list <file>', 'subjects, one a line, in a file that others may not read')
    .option('--keys <file>', 'the keyset file (default: LETHE_KEYS_FILE)')

export const addSubjects = (command: Command): Command => addNames(addPoliciesOrPipeline(command))

/** The same for a command that may be about everyone: then it asks for no policy. */
export const addSubjectsIfAny = (command: Command): Command => addNames(command.addOption(policies()))

/** The identifiers that the options name. @throws LetheError (usage) where they name none */
export function subjectsIn({
  subject = [],
  list,
}: Pick<SubjectOptions, 'subject' | 'list'>): readonly string[] {
  const subjects = [...subject]
  if (list !== undefined)
    readLines(list, true, (line) => {
      if (line !== '') subjects.push(line)
    })
  if (subjects.length === 0)
    throw new LetheError('bad-option', 'no subject is named', 'say --subject ID or --list FILE')
  return subjects
}

/** Does something with what the options name; `withJob` of `erasure/pipeline-job.ts` says more. */
export async function withSubjects<T>(
  { policy, pipeline }: PoliciesOptions & PipelineOption,
  use: (job: PipelineJob) => Promise<T>,
): Promise<T> {
  const named: NamedPolicy[] = []
  for (const file of policy) named.push({ file, plan: await planOf(file) })
  return await withJob(named, pipeline, use)
}
