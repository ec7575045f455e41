/** Every command: its name, its line in the help, and where its code is. The file is loaded when it is asked for. */
import type { Command } from 'commander'

/** What the file of a command exports. Called once a process, to read arguments or to print help. */
export interface CommandFile {
  /** `tree` gives the command line as a whole, with every command. */
  readonly command: (tree: () => Promise<Command>) => Command
}

export interface CommandEntry {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  readonly load: () => Promise<CommandFile>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'batch',
    summary: 'files in, de-identified files out; - is stdin or stdout',
    load: () => import('./batch.ts'),
  },
  {
    name: 'manifest',
    summary: 'cut files into shards for `lethe batch` on many machines',
    load: () => import('./manifest-command.ts'),
  },
  {
    name: 'account',
    summary: 'add up the shards of a run, and publish what they left',
    load: () => import('./account-command.ts'),
  },
  {
    name: 'measure',
    summary: 'the risk that is left, what was lost, and who was left out',
    load: () => import('./measure.ts'),
  },
  {
    name: 'card',
    summary: 'documents about a data set, from the run that made it',
    load: () => import('./card-command.ts'),
  },
  {
    name: 'stream',
    summary: 'topics in, de-identified topics out',
    load: () => import('./stream.ts'),
  },
  {
    name: 'replay',
    summary: 'dead letters again, after the policy is mended',
    load: () => import('./replay.ts'),
  },
  {
    name: 'dead-letters',
    summary: 'open the originals that dead letters carry',
    load: () => import('./dead-letters/letters-command.ts'),
  },
  {
    name: 'doctor',
    summary: 'checks that the cluster is as a pipeline needs it',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'schema',
    summary: 'the schema of what leaves under a policy',
    load: () => import('./schema-command.ts'),
  },
  {
    name: 'acl',
    summary: 'the commands that grant a pipeline the least it needs',
    load: () => import('./acl.ts'),
  },
  {
    name: 'tap',
    summary: 'the last outputs of a pipeline: after, never before',
    load: () => import('./tap.ts'),
  },
  {
    name: 'source',
    summary: 'which record an output was made of, by its header lethe-source',
    load: () => import('./source.ts'),
  },
  {
    name: 'init',
    summary: 'a draft policy from a sample of the data',
    load: () => import('./init.ts'),
  },
  {
    name: 'lint',
    summary: 'check policies and pipelines, offline; file:line:column code message -> suggestion',
    load: () => import('./lint.ts'),
  },
  {
    name: 'test',
    summary: 'run the cases beside each policy',
    load: () => import('./test.ts'),
  },
  {
    name: 'explain',
    summary: 'what happens to each field, and why',
    load: () => import('./explain.ts'),
  },
  {
    name: 'diff',
    summary: 'what became weaker or stronger from one policy to another',
    load: () => import('./diff.ts'),
  },
  {
    name: 'crowd',
    summary: 'the policy of least loss whose classes have enough data subjects',
    load: () => import('./crowd-command.ts'),
  },
  {
    name: 'approve',
    summary: 'a signed line that a person agrees to a policy',
    load: () => import('./approve.ts'),
  },
  {
    name: 'signing-key',
    summary: 'make a key that a person signs with',
    load: () => import('./signing-key.ts'),
  },
  {
    name: 'retain',
    summary: 'delete or coarsen what is stored and too old, by a work order',
    load: () => import('./retain.ts'),
  },
  {
    name: 'forget',
    summary: 'erase stored rows of subjects, by a work order, with a receipt',
    load: () => import('./forget.ts'),
  },
  {
    name: 'locate',
    summary: 'where records of a subject are stored: places, no values',
    load: () => import('./locate.ts'),
  },
  {
    name: 'hold',
    summary: 'keep what is stored from being deleted',
    load: () => import('./hold.ts'),
  },
  {
    name: 'audit',
    summary: 'verify and show ledgers of what was done',
    load: () => import('./audit.ts'),
  },
  {
    name: 'keys',
    summary: 'make and rotate the keys of tokens',
    load: () => import('./keys.ts'),
  },
  {
    name: 'consent',
    summary: 'keep tables of who agreed to what, from when until when',
    load: () => import('./consent.ts'),
  },
  {
    name: 'verify',
    summary: 'are these the files that the summary of a batch speaks of',
    load: () => import('./verify.ts'),
  },
  {
    name: 'report',
    summary: 'a page of evidence for the person who signs: verdict, risk, loss, groups, lineage',
    load: () => import('./report.ts'),
  },
  {
    name: 'transforms',
    summary: 'the catalogue of transforms',
    load: () => import('./transforms.ts'),
  },
  {
    name: 'demo',
    summary: 'all of it, on made-up customer events',
    load: () => import('./demo.ts'),
  },
  {
    name: 'completion',
    summary: 'completion for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
]
