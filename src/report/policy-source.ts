/** The policy of the runs, as its file says it: fields in plain words, approvals, and what changed since the last one. */
import { lastApproved } from '../approval/add-approval.ts'
import { isWeaker } from '../diff/change.ts'
import { comparePolicies } from '../diff/compare-policies.ts'
import type { Compared } from '../diff/side.ts'
import { LetheError } from '../errors.ts'
import { type ExplainedField, explain } from '../explain/explanation.ts'
import { overview } from '../explain/in-plain-words.ts'
import { bornAt, runRecord } from '../explain/run-record.ts'
import { sampleRecord } from '../explain/sample-record.ts'
import { approvalsOf } from '../explain/shown-approvals.ts'
import type { ReportApproval, ReportChange, ReportDocument } from '../forms/report-form.ts'
import { Keyring } from '../keys/keyring.ts'
import { testKeyset } from '../keys/test-keyset.ts'
import { compilePolicyFile } from '../policy/compile-file.ts'
import type { Plan } from '../policy/plan.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { labelOf, type OneRun } from './report-runs.ts'

export interface PolicySources {
  readonly policy: string
  readonly approvalKeys: string | undefined
  /** The policy as it was approved last. */
  readonly diffFrom: string | undefined
}

export interface KnownPolicy {
  readonly explained: readonly ExplainedField[]
  /** By field and rule, as `explained` has them: the label of the rule in accounts. */
  readonly labels: readonly (readonly string[])[]
  readonly overview: ReportDocument['overview']
  readonly acceptances: readonly { readonly about: string; readonly reason: string }[]
  readonly approvals: readonly ReportApproval[]
  readonly change: ReportChange
}

/** What the files of a policy have errors for; `problems` are printed. */
export class PolicyErrors extends LetheError {
  readonly problems: Awaited<ReturnType<typeof compilePolicyFile>>['problems']
  constructor(file: string, problems: PolicyErrors['problems']) {
    super('policy-invalid', `the policy ${file} has errors`, 'correct them')
    this.problems = problems
  }
}

/** Compiled with the published test keys, for values that are shown; without any, where it names keys of its own. */
async function compiled(
  file: string,
): Promise<Compared & { readonly source: ReturnType<typeof readPolicyFile> }> {
  const source = readPolicyFile(file)
  const keyed = await compilePolicyFile(source, { keys: Keyring.fromKeyset(testKeyset()) })
  const { plan, policy, problems, sources } =
    keyed.plan === undefined ? await compilePolicyFile(source) : keyed
  if (plan === undefined || policy === undefined) throw new PolicyErrors(file, problems)
  return { plan, policy, sources, source }
}

/** @throws LetheError where it is not the policy of the runs, or a file cannot be read */
export async function knownPolicy(
  { policy: file, approvalKeys, diffFrom }: PolicySources,
  runs: readonly OneRun[],
): Promise<KnownPolicy> {
  const now = await compiled(file)
  const { plan, policy, source } = now
  const { policy: ran } = runs[0]!.account
  if (plan.fingerprint !== ran.fingerprint)
    throw new LetheError(
      'report-mixed',
      `${file} is the policy ${labelOf(plan)}, and the runs are of ${labelOf(ran)}`,
      'name the policy as it was when they ran',
    )
  const record = { kind: 'json', text: sampleRecord(policy, plan, source) } as const
  const born = bornAt(plan, record, Date.now()) ?? Date.now()
  // The page shows what rules make of values: whether this record would pass the gates is no matter.
  const open: Plan = { ...plan, suppression: [], consent: [], consentTables: [], required: [] }
  const shown = runRecord(open, record, born)
  const fields = explain(policy, shown).fields
  // Of a record that does not leave, "it is left out" would be said of every field.
  const explained =
    shown.published === undefined ? fields.map((field) => ({ ...field, before: [], after: [] })) : fields
  return {
    explained,
    labels: policy.fields.map(({ path, rules }) =>
      [...rules, ...(policy.retention?.steps ?? []).flatMap(({ fields }) => fields.get(path.text) ?? [])].map(
        ({ planRule }) => plan.rules[planRule ?? -1]?.label ?? '',
      ),
    ),
    overview: overview(policy).map(([name, says]) => ({ name, says })),
    acceptances: [...policy.consent, ...policy.consentTables].flatMap((one) =>
      one.accepted === undefined
        ? []
        : [
            {
              about: 'table' in one ? `consent table ${one.table}` : `consent in ${one.from.text}`,
              reason: one.accepted,
            },
          ],
    ),
    approvals: approvalsOf(file, plan, approvalKeys).map(({ approval, state }) => ({
      ...{ key: approval.key, role: approval.role, when: approval.when },
      ...{ version: approval.version, note: approval.note, state },
    })),
    change: await changeOf(file, now, diffFrom),
  }
}

async function changeOf(file: string, after: Compared, diffFrom: string | undefined): Promise<ReportChange> {
  const { fingerprint } = after.plan
  const last = lastApproved(file, fingerprint)
  if (diffFrom === undefined) {
    const isApproved = approvalsOf(file, after.plan, undefined).length > 0
    const state = isApproved ? 'approved' : last === null ? 'never-approved' : 'old-policy-missing'
    return { state, changes: [] }
  }
  const before = await compiled(diffFrom)
  if (before.plan.fingerprint !== fingerprint && before.plan.fingerprint !== last)
    throw new LetheError(
      'bad-option',
      `${diffFrom} is not the policy that was approved last: the approvals of ${file} name another fingerprint, or none`,
      'name the policy as it was then, or leave --diff-from out',
    )
  const changes = comparePolicies(before, after)
  return {
    state: 'compared',
    before: { version: before.plan.version, fingerprint: before.plan.fingerprint },
    weaker: changes.filter(isWeaker).length,
    changes: changes.map(({ verdict, kind, field, what }) => ({
      verdict,
      kind,
      ...(field === undefined ? {} : { field }),
      what,
    })),
  }
}
