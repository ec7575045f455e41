/** Policies that were seen before: whether one that changed kept its version, by which people tell policies apart. */

/** What tells one text of a policy from another. */
export interface SeenPolicy {
  readonly name: string
  readonly version: number
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string
}

export const VERSION_NOT_RAISED = 'version-not-raised'

/** Reads `name@version#fingerprint`, as outputs and dead letters carry it; undefined for anything else. */
export function parsePolicyLabel(text: string): SeenPolicy | undefined {
  const [, name, version, fingerprint] =
    /^([a-z0-9][a-z0-9._-]{0,99})@([1-9][0-9]{0,8})#([0-9a-f]{64})$/.exec(text) ?? []
  if (name === undefined || fingerprint === undefined) return undefined
  return { name, version: Number(version), fingerprint }
}

/** Whether `now` is another policy than `before` under the same name and version. */
export function isVersionNotRaised(now: SeenPolicy, before: SeenPolicy): boolean {
  return now.name === before.name && now.version === before.version && now.fingerprint !== before.fingerprint
}

/** What is said of it. `where` the other one was seen, e.g. `in run.json`. */
export function describeVersionNotRaised({ name, version }: SeenPolicy, where: string): string {
  return `the policy ${name} is another one than ${where}, and both say \`version: ${version}\``
}

/** What to do. */
export const RAISE_VERSION = 'raise `version:` whenever the policy changes'
