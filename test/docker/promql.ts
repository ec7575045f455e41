/** Which metrics and labels a PromQL expression names. Enough of the language for the expressions in docker/. */

const FUNCTIONS = new Set(
  `sum max min avg count topk absent rate increase deriv delta time histogram_quantile label_values`.split(
    ' ',
  ),
)
const WORDS = new Set('and or unless offset bool by without on ignoring group_left group_right'.split(' '))

export interface Named {
  readonly metrics: readonly string[]
  /** By metric: labels in its braces. */
  readonly matched: readonly (readonly [metric: string, label: string])[]
  /** Labels in `by (…)`, `on (…)` and the like. */
  readonly grouped: readonly string[]
}

/** @throws where it meets a function that it does not know */
export function namesIn(expression: string): Named {
  const metrics: string[] = []
  const matched: (readonly [string, string])[] = []
  const grouped: string[] = []
  let rest = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\[[^\]]*\]/g, '')
  rest = rest.replace(
    /\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
    (_, __, list: string) => {
      grouped.push(...list.split(',').map((label) => label.trim()))
      return ''
    },
  )
  rest = rest.replace(/([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g, (_, metric: string, matchers: string) => {
    for (const matcher of matchers.split(',').filter((one) => one.trim() !== ''))
      matched.push([metric, /^\s*(\w+)\s*(?:=~|!~|!=|=)/.exec(matcher)![1]!])
    return metric
  })
  rest = rest.replace(/(?<![\w:])\d[\w.]*/g, '')
  for (const { 0: word, index } of rest.matchAll(/[a-zA-Z_:][\w:]*/g)) {
    const called = /^\s*\(/.test(rest.slice(index + word.length))
    if (WORDS.has(word)) continue
    if (FUNCTIONS.has(word)) continue
    if (called) throw new Error(`a function that this does not know: ${word}`)
    metrics.push(word)
  }
  return { metrics, matched, grouped: grouped.filter((label) => label !== '') }
}
