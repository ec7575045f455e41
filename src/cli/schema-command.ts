/** `lethe schema FILE`: the schema of what a policy makes of records, for a schema file or for those of a registry. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { LetheError } from '../errors.ts'
import { compilePolicy } from '../policy/compile.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import type { Plan } from '../policy/plan.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { SchemaFault } from '../record/schema-text.ts'
import type { ValueFormat } from '../record/wire-form.ts'
import { outputSchemaOf } from '../run/engines.ts'
import { readSchemas } from '../run/stream/examine-subjects.ts'
import { readPipelinePolicies } from '../run/stream/prepare.ts'
import { formOf } from '../run/writer-schemas.ts'

interface Options {
  readonly from?: string
  readonly reference?: readonly string[]
  readonly subjectVersion?: number | 'latest'
  readonly kind?: ValueFormat
  readonly allowCode?: boolean
}

async function run(file: string, options: Options): Promise<void> {
  if (options.from === undefined) {
    if (options.kind !== undefined)
      throw new LetheError(
        'bad-option',
        '--kind is about --from: a pipeline says what its values are',
        'leave it',
      )
    await ofPipeline(file, options.subjectVersion ?? 'latest')
    return
  }
  if (options.subjectVersion !== undefined)
    throw new LetheError(
      'bad-option',
      '--subject-version is about the registry of a pipeline',
      'leave it, or --from',
    )
  const { from, reference = [], kind = 'avro' } = options
  const read = (): Plan => planOf(file)
  const plan = options.allowCode === true ? await withTransforms(read) : read()
  const schema = { text: textOf(from), references: reference.map(textOf) }
  try {
    print(outputSchemaOf(plan, schema, kind, formOf(kind)))
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    throw new LetheError('schema-unusable', `${from}: ${error.message}`)
  }
}

const textOf = (file: string): string => readPolicyFile(file, 'the file').text

function planOf(file: string): Plan {
  const { plan } = compilePolicy(readPolicyFile(file))
  if (plan === undefined)
    throw new LetheError('policy-invalid', `the policy ${file} has errors`, `lethe lint ${file}`)
  return plan
}

async function ofPipeline(file: string, version: number | 'latest'): Promise<void> {
  const { pipeline, policies } = await readPipelinePolicies(file)
  const schemas = await readSchemas(pipeline, ({ policy }) => policies.get(policy)!.plan!, version)
  if (schemas.length === 0)
    throw new LetheError(
      'bad-option',
      `no route of ${file} reads topics by their names whose values name schemas`,
      'name a policy and a schema: lethe schema POLICY --from SCHEMA',
    )
  for (const { route, subject, found, output } of schemas) {
    process.stderr.write(`lethe: ${route.name}: what is written for ${subject} version ${found.version}\n`)
    print(output!)
  }
}

const print = (schema: string): void => void process.stdout.write(`${schema}\n`)

function readVersion(text: string): number | 'latest' {
  if (text === 'latest') return text
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a number from 1 on, or latest.')
}

const EXAMPLES = `
Prints the schema of what leaves, which follows from the policy and the schema of the writer: types change where
rules change them, and what is always dropped is gone. Of a pipeline it asks the
registry for the schemas of the subjects TOPIC-value, and prints one line for each; it registers nothing.

Examples:
  $ lethe schema policy.yaml --from order.avsc
  $ lethe schema policy.yaml --from order.avsc --reference address.avsc
  $ lethe schema policy.yaml --from order.schema.json --kind json
  $ lethe schema pipeline.yaml
  $ lethe schema pipeline.yaml --subject-version 3 | jq .

Exit codes: 0 printed, 2 usage, policy, pipeline or schema, 4 no registry answers, or a file cannot be read.`

export const command = (): Command =>
  new Command('schema')
    .description('Prints the schema of what leaves under a policy.')
    .addArgument(new Argument('<file>', 'a policy, with --from; or a pipeline file'))
    .option('--from <schema>', 'the schema of the writer, a file')
    .addOption(
      new Option(
        '--kind <kind>',
        'with --from: what the schema is of, and what leaves (default: avro)',
      ).choices(['avro', 'json', 'protobuf']),
    )
    .option(
      '--reference <schema>',
      'with --from: a file with a schema that it refers to; may be repeated',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .option(
      '--subject-version <number>',
      'of a pipeline: the version of each subject (default: latest)',
      readVersion,
    )
    .option('--allow-code', 'run the files of transforms that the policy names')
    .addHelpText('after', EXAMPLES)
    .action(run)
