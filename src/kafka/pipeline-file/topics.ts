/** Which topics a route reads. Drivers and checks ask the same function. */
import { createRequire } from 'node:module'
import type { Route } from './pipeline.ts'

const require = createRequire(import.meta.url)

/**
 * What RE2 and the expressions of POSIX mean alike, so that it does not matter who matches: names, `.`, `\.`, classes,
 * groups, alternatives, `*`, `+`, `?`.
 */
const COMMON = /^(?:[A-Za-z0-9_.|*+?()-]|\\\.|\[\^?[A-Za-z0-9_.-]+\])+$/
/** `(?…`, and one repetition behind another (lazy, possessive): they mean something else to each. */
const APART = /\(\?|[*+?][*+?]/

/** Why `pattern` cannot be used; undefined where it can. */
export function patternTrouble(pattern: string): string | undefined {
  if (!COMMON.test(pattern) || APART.test(pattern))
    return 'the pattern holds something that not all clients read alike'
  const re2js = require('re2js') as typeof import('re2js')
  try {
    re2js.RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    if (!(error instanceof re2js.RE2JSException)) throw error
    return 'the pattern is not a regular expression'
  }
}

/**
 * Whether a topic is among those that a route reads: by its name, or because the whole name matches the pattern. No
 * pattern takes in names that begin with two underscores: those are the cluster's own.
 */
export function topicMatcher(topics: Route['from']['topics']): (topic: string) => boolean {
  if (!('pattern' in topics)) {
    const names = new Set(topics)
    return (topic) => names.has(topic)
  }
  // Loaded by the first pattern. Linear in the name, whatever the pattern.
  const compiled = (require('re2js') as typeof import('re2js')).RE2JS.compile(topics.pattern)
  return (topic) => !topic.startsWith('__') && compiled.matches(topic)
}
