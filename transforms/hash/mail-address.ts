/**
 * The one form of an e-mail address, for `normalize: email`. Other spellings of a mailbox give the same token or none: a
 * display name, a list or a link that was hashed whole would be a token that joins with nothing.
 */
import { domainToASCII, domainToUnicode } from 'node:url'

/** Nearly every address: no quotes, comments, lists, white space, and ASCII alone. */
const PLAIN = /^[^\0- "(),:;<>@\x7f-\uffff]*@[^\0- "(),:;<>@\x7f-\uffff]*$/

/** A quoted local part (RFC 5321, section 4.1.2). */
const QUOTED = /^"(?:[^"\\]|\\.)*"$/s
/** What has a meaning of its own around an address (RFC 5322), white space and controls. */
const UNQUOTED = /^[^\s\0-\x1f"(),:;<>@\x7f]*$/
/** An address of a host in place of a domain: `[192.0.2.1]`. */
const LITERAL = /^\[[!-Z^-~]*\]$/

/** The dots of Japanese and Chinese, which IDNA takes for dots (UTS 46). */
const DOTS = /[\u3002\uff0e\uff61]/g

/** Longest domain that is converted, in UTF-16 units, and longest label of the domain name system. */
const LONGEST_DOMAIN = 1024
const LONGEST_LABEL = 63

const ASCII = /^[\0-\x7f]*$/

/**
 * Takes a trimmed text in lower case (ASCII), gives the address that it is, or undefined where it is more than one address.
 * What has no `@` stays as it is. `mailto:` (RFC 6068) goes, with nothing encoded and no parameters behind it. A domain
 * stands in ASCII.
 */
export function mailAddress(text: string): string | undefined {
  if (PLAIN.test(text) || !text.includes('@')) return text
  const isLink = text.startsWith('mailto:')
  if (isLink && /[?%]/.test(text)) return undefined
  const address = isLink ? text.slice('mailto:'.length) : text
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  if (!UNQUOTED.test(local) && !QUOTED.test(local)) return undefined
  const domain = domainIn(address.slice(at + 1))
  return domain === undefined ? undefined : `${local}@${domain}`
}

function domainIn(written: string): string | undefined {
  if (LITERAL.test(written)) return written
  if (!UNQUOTED.test(written)) return undefined
  if (ASCII.test(written)) return written
  if (written.length > LONGEST_DOMAIN) return undefined
  const labels: string[] = []
  for (const label of written.replace(DOTS, '.').split('.')) {
    const ascii = ASCII.test(label) ? label : asciiLabel(label)
    if (ascii === undefined) return undefined
    labels.push(ascii)
  }
  return labels.join('.')
}

/**
 * A label in Punycode (RFC 3492), or undefined. Only what lower case and NFC alone make of it is taken: both are stable for
 * the characters that a release of Unicode knows, while other mappings of UTS 46 have changed. So a release can refuse
 * a label that another one takes, and never give it another form.
 */
function asciiLabel(label: string): string | undefined {
  if (label.length > LONGEST_LABEL) return undefined
  let lower = ''
  // Letter by letter: the lower case of a capital sigma does not depend on what follows.
  for (const letter of label) lower += letter.toLowerCase()
  const ascii = domainToASCII(label)
  return ascii.length <= LONGEST_LABEL && domainToUnicode(ascii) === lower.normalize('NFC')
    ? ascii
    : undefined
}
