/** `lethe approve POLICY`: a person agrees to a policy, in writing and signed. */
import { Argument, Command } from 'commander'
import { approve, lastApproved } from '../approval/add-approval.ts'
import { NOTE, ROLE } from '../approval/approval.ts'
import { approvalFileOf } from '../approval/required-approval.ts'
import { comparePolicies } from '../diff/compare-policies.ts'
import { formatDiff } from '../diff/print-diff.ts'
import type { Compared } from '../diff/side.ts'
import { LetheError } from '../errors.ts'
import { readPolicyFile } from '../policy/policy-file.ts'
import { passphraseOf, readSigningKey } from '../signing/private-key.ts'
import { matching } from './arguments.ts'
import { compared } from './diff.ts'
import { addLedgerOptions, type LedgerOptions, ledgerOf, recorded } from './ledger-option.ts'

interface Options extends LedgerOptions {
  readonly as: string
  readonly note: string
  readonly signingKey: string
  readonly diffFrom?: string
}

async function run(file: string, options: Options): Promise<void> {
  const policy = await compared(readPolicyFile(file), true)
  const key = readSigningKey(options.signingKey, passphraseOf(options))
  if (options.diffFrom !== undefined) await showDiff(options.diffFrom, file, policy)
  const { name, version, fingerprint } = policy.plan
  const fact = {
    action: 'approve',
    names: { policy: name, version: String(version), key: key.publicKey.id },
    fingerprints: { policy: fingerprint },
  } as const
  const approving = { role: options.as, note: options.note, key, now: Date.now() }
  const { role, key: id } = await recorded(ledgerOf(options), fact, () =>
    approve(file, policy.plan, approving),
  )
  process.stderr.write(
    `lethe: ${name}, version ${version}, fingerprint ${fingerprint.slice(0, 16)}…, is approved as ${role} with the key ${id}, in ${approvalFileOf(file)}\n`,
  )
}

/** What changed since the last approval: of `old`, which has to be what was approved then. */
async function showDiff(old: string, file: string, after: Compared): Promise<void> {
  const before = await compared(readPolicyFile(old), true)
  const { fingerprint } = after.plan
  if (before.plan.fingerprint !== fingerprint && before.plan.fingerprint !== lastApproved(file, fingerprint))
    throw new LetheError(
      'bad-option',
      `${old} is not the policy that was approved last: ${approvalFileOf(file)} names another fingerprint, or none`,
      'name the policy as it was then, or leave --diff-from out',
    )
  const changes = comparePolicies(before, after)
  process.stdout.write(formatDiff({ before, after, files: { before: old, after: file }, changes }, 'text'))
}

const EXAMPLES = `
Adds a signed line to POLICY.approval: the fingerprint of the policy, who, as what, when and why. Whose approvals count, and how many are
needed, a run is told by --require-approval or by its pipeline file; the policy says nothing of it. The fingerprint covers the
policy and the lists that it names; it covers no keys (see --expect-key).

Examples:
  $ lethe explain -p policy.yaml --format markdown > policy.md      what is approved
  $ lethe approve policy.yaml --as privacy-officer --note "review of March, ticket 512" --signing-key anna.pem
  $ lethe approve policy.yaml --as dpo --note "only coarser dates" --signing-key ben.pem --diff-from old.yaml
  $ lethe batch in.csv -p policy.yaml --require-approval trusted.pem,2 -o out.csv

Exit codes: 0 approved, 2 the policy has errors, or the key or an option is wrong, 4 input or output.`

export const command = (): Command =>
  addLedgerOptions(
    new Command('approve')
      .description('Approves a policy: appends a signed line to POLICY.approval.')
      .addArgument(new Argument('<policy>', 'the policy'))
      .requiredOption(
        '--as <role>',
        'as what it is approved, e.g. privacy-officer',
        matching(ROLE, 'It is written in a-z, 0-9, dot, hyphen and underscore.'),
      )
      .requiredOption(
        '--note <text>',
        'why, in 10 to 1,000 characters',
        matching(NOTE, 'It has 10 to 1,000 characters, on one line.'),
      )
      .requiredOption('--signing-key <file>', 'your private key, of lethe signing-key create')
      .option('--diff-from <old>', 'print what changed since OLD, which has to be the policy approved last'),
    ['signing-key', 'as'],
  )
    .addHelpText('after', EXAMPLES)
    .action(run)
