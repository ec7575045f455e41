/**
 * Lethe as a library: compile a policy, de-identify records as bytes, bring your own transforms.
 *
 * ```ts
 * import { compilePolicy, createDeidentifier, loadKeyring, readPolicyFile } from 'lethe'
 *
 * const { plan, problems } = compilePolicy(readPolicyFile('policy.yaml'), { keys: loadKeyring('keys.json') })
 * if (plan === undefined) throw new Error(formatProblems(problems, 'text'))
 * const deidentifier = createDeidentifier(plan, { format: 'json' })
 * const outcome = deidentifier.deidentify(Buffer.from('{"customer":{"id":"C-1"}}'))
 * if (outcome.kind === 'publish') send(outcome.value)
 * ```
 */

export { transforms } from '../transforms/index.ts'
export { ALL, NOTHING, type Part, part, type Revelation, token } from '../transforms/reveals/revelation.ts'
export {
  type CompileContext,
  type CompiledTransform,
  defineTransform,
  type Example,
  FAILURE_CODES,
  Failure,
  type FailureCode,
  type FieldKey,
  fail,
  type KeyUse,
  OptionError,
  type Properties,
  type RecordContext,
  type Result,
  type Transform,
  type TransformSpec,
  type Weakness,
  type Yields,
} from '../transforms/transform.ts'
export { type BatchApproval, deidentifyFiles, type FilesBatch } from './batch/deidentify-files.ts'
export type { Account, RuleCount } from './engine/account.ts'
export type { Now } from './engine/clock.ts'
export type { Message, MessageHeader } from './engine/message.ts'
export type { Outcome, OutcomeHeader } from './engine/outcome.ts'
export {
  type DeadLetterCode,
  describeCode,
  ERROR_CODES,
  type ErrorCode,
  type ErrorMeaning,
  EXIT,
  type ExitCode,
  LetheError,
  type Problem,
  RECORD_CODES,
  type RecordCode,
} from './errors.ts'
export { type GateData, loadGateData } from './gates/gate-data.ts'
export { loadKeyring } from './keys/file.ts'
export { Keyring } from './keys/keyring.ts'
export { loadMatchKeys, MatchKeys } from './keys/match-keys.ts'
export type { ListPlace, LoadedList } from './lists/load-list.ts'
export { type Compiled, type CompileOptions, compilePolicy } from './policy/compile.ts'
export { compilePolicyFile } from './policy/compile-file.ts'
export {
  type TransformModule,
  type TransformToolkit,
  transformToolkit,
} from './policy/custom/toolkit.ts'
export type { KeySource } from './policy/key-source.ts'
export type { Plan, PlanField, PlanRule } from './policy/plan.ts'
export { type PolicyFile, readPolicyFile } from './policy/policy-file.ts'
export { formatProblems } from './policy/problems.ts'
export type { Summary } from './run/account/account-view.ts'
export { createDeidentifier, type Deidentifier, type DeidentifierOptions } from './run/deidentifier.ts'
export {
  createMessageDeidentifier,
  type MessageDeidentifier,
  type MessageDeidentifierOptions,
} from './run/message-deidentifier.ts'
