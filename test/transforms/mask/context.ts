/** A compile context for masks, which need no key and no file: it writes down what of the platform is used. */
import type { CompileContext, RecordContext } from '../../../transforms/transform.ts'

export function maskContext(used: string[] = []): CompileContext {
  const refuse = () => {
    throw new Error('a mask reads nothing')
  }
  return {
    path: 'field',
    key: refuse,
    readText: refuse,
    readTable: refuse,
    usesList: (name) => used.push(name),
    usesPlatform: (part) => used.push(part),
  }
}

export const NO_RECORD: RecordContext = {
  subject: undefined,
  eventTime: undefined,
  now: Date.UTC(2026, 5, 1),
}
