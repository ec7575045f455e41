/** A dead letter as a reader finds it: coordinates, a code, a rule and a policy, and not a byte more. */
import type { Coordinates, LogRecord } from './records.ts'

export interface DeadLetter {
  readonly source: Coordinates | undefined
  readonly code: string
  readonly policy: string
  readonly problems: readonly string[]
}

type Shape = (value: unknown) => boolean
const isText: Shape = (value) => typeof value === 'string' && value !== ''
const isCount: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0

const MEMBERS: Readonly<Record<string, Shape>> = {
  v: (value) => value === 1,
  topic: isText,
  partition: isCount,
  offset: isCount,
  code: (value) => typeof value === 'string' && /^[a-z][a-z0-9-]*$/.test(value),
  policy: isText,
  pipeline: isText,
  route: isText,
}

const HEADERS: ReadonlySet<string> = new Set(['lethe-policy'])

export function readDeadLetter({ key, value, headers }: LogRecord): DeadLetter {
  const problems: string[] = []
  if (key !== null) problems.push('a dead letter with a key')
  for (const { name } of headers)
    if (!HEADERS.has(name)) problems.push('a dead letter with a header of its input')
  let members: Record<string, unknown> = {}
  try {
    members = JSON.parse(String(value)) ?? {}
  } catch {
    problems.push('a dead letter that is not JSON')
  }
  for (const [name, isFit] of Object.entries(MEMBERS))
    if (!isFit(members[name])) problems.push(`a dead letter without a fitting ${name}`)
  if (members['rule'] !== undefined && !isText(members['rule']))
    problems.push('a dead letter with an unfit rule')
  for (const name of Object.keys(members))
    if (!Object.hasOwn(MEMBERS, name) && name !== 'rule')
      problems.push('a dead letter that tells more than it may')
  const { topic, partition, offset } = members
  const isPlaced = isText(topic) && isCount(partition) && isCount(offset)
  return {
    source: isPlaced
      ? { topic: topic as string, partition: partition as number, offset: offset as number }
      : undefined,
    code: String(members['code']),
    policy: String(members['policy']),
    problems,
  }
}
