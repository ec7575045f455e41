/** Texts of others in documents of Markdown: they stay text, whatever is in them. */
import { printable } from '../terminal.ts'

const entity = (character: string): string => `&#${character.codePointAt(0)};`

/** One line of text, without markup: what could begin or be any is an entity. */
export function plain(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim())
    .replace(/[&<>|\\*[\]~#`!$^{}]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, entity)
    .replace(/^(?:[-+=]|\d+(?=[.)]))/, (start) => [...start].map(entity).join(''))
    .replace(/(https?|ftp|www)(?=[:.])/gi, (scheme) => `${scheme.slice(0, -1)}${entity(scheme.slice(-1))}`)
    .replaceAll('@', entity)
}

/** Paragraphs, without markup. */
export const paragraphs = (text: string): string =>
  text
    .split(/\n\s*\n/)
    .map(plain)
    .filter((one) => one !== '')
    .join('\n\n')

export const list = (lines: readonly string[]): string => lines.map((line) => `- ${plain(line)}`).join('\n')
