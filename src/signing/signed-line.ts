/** Lines of JSON that signatures are over: approvals, entries of a ledger. */

/**
 * The text of a line, and what it holds as JSON; undefined where it is not UTF-8 or no JSON. The reader writes what it took of it
 * anew and compares the texts: what differs by a byte is another line, whatever JSON says.
 */
export function readSignedLine(
  bytes: Uint8Array,
): { readonly text: string; readonly read: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { text, read: JSON.parse(text) }
  } catch {
    return undefined
  }
}
