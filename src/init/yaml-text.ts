/** Texts and comments as a draft writes them. */
import { wrap } from '../terminal.ts'

const WIDTH = 110

/** A text as a YAML scalar of the core schema, quoted unless it is plainly a word. */
export function yamlText(text: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(text)
  return plain && !/^(?:true|false|null|yes|no|on|off|y|n|nan)$/i.test(text) ? text : JSON.stringify(text)
}

export function comment(text: string, indent: string): string[] {
  return wrap(text, WIDTH - indent.length - 2).map((line) => `${indent}# ${line}`)
}
