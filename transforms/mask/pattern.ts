import { createRequire } from 'node:module'
import type { Matcher, RE2JS } from 're2js'
import { z } from 'zod'
import { countGraphemes } from '../graphemes.ts'
import { part } from '../reveals/revelation.ts'
import { defineTransform, fail, longestResult, OptionError, type Transform } from '../transform.ts'
import { repeatsGroup } from './repeated-groups.ts'
import { shownByPattern } from './shown-by-pattern.ts'
import { checkSign, repeater, signOption } from './sign.ts'

const require = createRequire(import.meta.url)

/** Texts on which a pattern that can match the empty text shows it. */
const PROBES = ['', 'a', 'a b', '0-1', '\n'] as const

const options = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .max(1000)
    .describe(
      'What to hide: a regular expression in RE2 syntax (linear time; no backreferences, no lookaround). ' +
        '`(?i)` at its start ignores case. Every match that does not overlap an earlier one counts.',
    ),
  masks: z
    .enum(['match', 'groups'])
    .default('match')
    .describe(
      '`match` hides all of each match; `groups` only what its capturing groups hold, and the rest of the match stays.',
    ),
  with: signOption.describe(
    'The mask sign: one visible character that stands for each hidden one (grapheme), so the length shows.',
  ),
  replacement: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'A fixed text that stands for each hidden stretch instead of mask signs. Taken as it is: `$1` means nothing.',
    ),
})

export const pattern: Transform = defineTransform({
  name: 'mask.pattern',
  summary: 'Hides what a pattern matches inside a text; a text in which it matches nothing is a failure.',
  version: 2,
  options,
  properties: {
    reversible: 'no; everything that the pattern does not match stays as it is',
    repeatable: 'yes',
    uniqueness: 'lossy',
    formatKept: 'all of the text but the hidden stretches; their length, unless `replacement` is given',
    accepts: 'any text in which the pattern matches',
    yields: 'text',
    keyed: false,
    stableToken: false,
    mayReturnInput: false,
  },
  failures: {
    'no-match': 'the pattern matches nothing in the value, or (with `masks: groups`) no group takes part',
    'out-of-domain':
      'the result would equal the value, because what the pattern matches is masked already; or it would be more than ' +
      '16 times as long, and longer than 8,192 characters',
  },
  doesNotStop:
    'Everything that the pattern misses leaves as it was: a second number in another notation, a name. ' +
    'It is for values of one known form, and no search for personal data in free text.',
  examples: [
    {
      title: 'a number inside a reference',
      options: { pattern: '[0-9]+' },
      input: 'ORD-20931-DE',
      output: 'ORD-*****-DE',
    },
    {
      title: 'a fixed text',
      options: { pattern: '[0-9]{3}-[0-9]{2}-[0-9]{4}', replacement: '[SSN]' },
      input: 'ssn 078-05-1120, again 078-05-1120',
      output: 'ssn [SSN], again [SSN]',
    },
    {
      title: 'only the group, where others would look behind',
      options: { pattern: 'user=([^&]+)', masks: 'groups', replacement: 'x' },
      input: '/login?user=ada&lang=en',
      output: '/login?user=x&lang=en',
    },
    {
      title: 'nothing matches',
      options: { pattern: '[0-9]+' },
      input: 'ORD-DE',
      output: { fails: 'no-match' },
    },
    {
      title: 'masked already',
      options: { pattern: '^.{3}' },
      input: '***42',
      output: { fails: 'out-of-domain' },
    },
  ],
  reveals: ({ pattern: source, masks, replacement }) => {
    const shown = shownByPattern(source, masks)
    if (shown === undefined) return part({ of: 'unmatched' })
    return part({ of: 'characters', ...shown, length: replacement === undefined, share: 'open' })
  },
  compile: ({ pattern: source, masks, with: sign, replacement }, context) => {
    context.usesPlatform('unicode')
    const signs = repeater(checkSign(sign))
    if (replacement !== undefined && sign !== '*') {
      throw new OptionError(
        '`with` and `replacement` exclude each other',
        'replacement',
        'leave out one of them',
      )
    }
    if (replacement !== undefined && /\p{Cs}/u.test(replacement)) {
      throw new OptionError('`replacement` is not well-formed Unicode text', 'replacement')
    }
    const compiled = compilePattern(source)
    const groups = masks === 'groups' ? compiled.groupCount() : 0
    if (masks === 'groups' && groups === 0) {
      throw new OptionError(
        '`masks: groups` needs a capturing group in the pattern',
        'pattern',
        'put what is to be hidden in parentheses',
      )
    }
    if (masks === 'groups' && repeatsGroup(source)) {
      throw new OptionError(
        'a capturing group is repeated: it holds its last repetition only, and the others would stay readable',
        'pattern',
        'put the repetition inside the group: ([0-9]+) for ([0-9])+',
      )
    }
    const matcher = compiled.matcher('')
    const hide = (hidden: string) => replacement ?? signs(countGraphemes(hidden))
    return {
      yields: 'string',
      apply: (text) => {
        matcher.resetMatcherInput(text)
        const longest = longestResult(text.length)
        let result = ''
        let done = 0
        while (matcher.find()) {
          for (const [start, end] of groups === 0 ? [wholeMatch(matcher)] : groupSpans(matcher, groups)) {
            if (end <= done) continue
            const at = Math.max(start, done)
            result += text.slice(done, at) + hide(text.slice(at, end))
            if (result.length > longest) return fail('out-of-domain')
            done = end
          }
        }
        if (done === 0) return fail('no-match')
        result += text.slice(done)
        return result === text ? fail('out-of-domain') : result
      },
    }
  },
})

type Span = readonly [start: number, end: number]

function wholeMatch(matcher: Matcher): Span {
  return [matcher.start(), matcher.end()]
}

/** Where the groups that took part lie, in the order of the text; one may lie inside another. */
function groupSpans(matcher: Matcher, groups: number): Span[] {
  const spans: Span[] = []
  for (let group = 1; group <= groups; group++) {
    const start = matcher.start(group)
    if (start >= 0 && matcher.end(group) > start) spans.push([start, matcher.end(group)])
  }
  return spans.sort((a, b) => a[0] - b[0] || b[1] - a[1])
}

/** Throws `OptionError` for what RE2 does not read, and for a pattern that can match the empty text. */
function compilePattern(source: string): RE2JS {
  // Loaded by the first rule that needs it (about 20 ms), so that other commands start without it.
  const re2js = require('re2js') as typeof import('re2js')
  let compiled: RE2JS
  try {
    compiled = re2js.RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof re2js.RE2JSException)) throw error
    if (/\(\?<?[=!]/.test(source)) {
      throw new OptionError(
        '`pattern` uses lookahead or lookbehind, which linear-time patterns do not have',
        'pattern',
        'match the surroundings too, put what is to be hidden in a group, and say masks: groups',
      )
    }
    if (/\\(?:[1-9]|k<)/.test(source)) {
      throw new OptionError(
        '`pattern` uses a backreference, which linear-time patterns do not have',
        'pattern',
        'write what is to match a second time out in full',
      )
    }
    throw new OptionError(`\`pattern\` is not an RE2 pattern: ${error.message}`, 'pattern')
  }
  for (const probe of PROBES) {
    const matcher = compiled.matcher(probe)
    while (matcher.find()) {
      if (matcher.start() !== matcher.end()) continue
      throw new OptionError(
        '`pattern` can match the empty text, so it would match everywhere and hide nothing there',
        'pattern',
        'write + where it says *, and add what is to be hidden to ^, $ or \\b',
      )
    }
  }
  return compiled
}
