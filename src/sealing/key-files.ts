/** Files of recipients and of identities, in the form of the tool `age`: one a line, `#` before comments. */
import { createHash } from 'node:crypto'
import { fileError, LetheError } from '../errors.ts'
import { readSecretFile, refuseExposed } from '../keys/secret-file.ts'
import { isRecipient, recipientOf } from './age.ts'

/** More make each sealed original larger by 200 bytes, or 1,650 where they are hybrid. */
export const MOST_RECIPIENTS = 20

interface KeyLine {
  readonly line: number
  readonly text: string
}

const linesOf = (text: string): readonly KeyLine[] =>
  text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, at) => ({ line: at + 1, text: line.trim() }))
    .filter(({ text: one }) => one !== '' && !one.startsWith('#'))

/** @throws LetheError (usage), at FILE:LINE, where it holds anything else than recipients, or none */
export const parseRecipients = (text: string, file: string): readonly string[] =>
  checkRecipients(
    linesOf(text).map(({ line, text: one }) => ({ where: `${file}:${line}`, text: one })),
    file,
  )

/** @throws LetheError (usage) where one is no recipient, or there are none or too many. No text is shown: it may be an identity */
export function checkRecipients(
  given: readonly { readonly where: string; readonly text: string }[],
  name: string,
): readonly string[] {
  for (const { where, text } of given)
    if (!isRecipient(text))
      throw new LetheError(
        'recipients-invalid',
        /^AGE-SECRET-KEY-/i.test(text)
          ? `${where}: this is an identity, the secret half, and not a recipient`
          : `${where}: this is no recipient of age`,
        'a recipient begins with age1; `age-keygen -y IDENTITY` prints that of an identity',
      )
  const recipients = [...new Set(given.map(({ text }) => text))]
  if (recipients.length === 0)
    throw new LetheError('recipients-invalid', `${name} holds no recipient of age`, 'add one: age1…')
  if (recipients.length > MOST_RECIPIENTS)
    throw new LetheError('recipients-invalid', `${name} holds more than ${MOST_RECIPIENTS} recipients`)
  return recipients
}

/** Names a recipient where it is told of: the first 16 hex digits of its SHA-256. */
export const recipientId = (recipient: string): string =>
  createHash('sha256').update(recipient).digest('hex').slice(0, 16)

export interface Identities {
  readonly identities: readonly string[]
  /** Ids of their recipients. */
  readonly ids: readonly string[]
}

/**
 * Reads a file of identities (`AGE-SECRET-KEY-1…`), as `age-keygen -o FILE` makes it.
 * @throws LetheError: usage, at FILE:LINE, where it holds anything else, none, or is open to others; io where it cannot be read
 */
export async function readIdentities(file: string): Promise<Identities> {
  let text: string
  try {
    const read = readSecretFile(file, 'a file of age identities')
    refuseExposed(file, read.stats, 'identities')
    text = read.text
  } catch (error) {
    throw error instanceof LetheError ? error : fileError(file, error)
  }
  if (/^(?:age-encryption\.org\/|-----BEGIN )/.test(text))
    throw new LetheError(
      'identity-invalid',
      `${file} is an encrypted file, or a key of another kind`,
      'decrypt it first: age -d FILE; keys of SSH are not taken',
    )
  const identities: string[] = []
  const ids: string[] = []
  for (const { line, text: identity } of linesOf(text)) {
    const recipient = await recipientOf(identity)
    if (recipient === undefined)
      throw new LetheError(
        'identity-invalid',
        `${file}:${line}: this is no identity of age`,
        'an identity begins with AGE-SECRET-KEY-1; `age-keygen -o FILE` makes one',
      )
    identities.push(identity)
    ids.push(recipientId(recipient))
  }
  if (identities.length === 0)
    throw new LetheError(
      'identity-invalid',
      `${file} holds no identity of age`,
      'age-keygen -o FILE makes one',
    )
  return { identities, ids }
}
