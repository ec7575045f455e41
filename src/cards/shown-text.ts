/**
 * JSON and YAML with texts of others in them, as people read them too: marks that turn the direction of what follows, and line separators,
 * stand as escapes. The data are the same.
 */
import { Document, visit } from 'yaml'

const HIDDEN = /[\u0080-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const HOLDS_HIDDEN = new RegExp(HIDDEN.source)

const escaped = (text: string): string =>
  text.replace(HIDDEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Of a text of JSON, in which these characters stand in strings alone. */
export const shownJson = (json: string): string => escaped(json)

/** A document of YAML 1.1, which readers of 1.2 take as well. */
export function shownYaml(value: object): string {
  const document = new Document(value, {
    version: '1.1',
    schema: 'yaml-1.1',
    aliasDuplicateObjects: false,
  })
  // Only in double quotes has YAML escapes.
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && HOLDS_HIDDEN.test(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return escaped(document.toString({ lineWidth: 0 }))
}
