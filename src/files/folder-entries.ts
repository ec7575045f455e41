/** What stands below a folder. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every entry below a folder, in the order of their paths. Links are entries, and what they lead to is not looked through:
 * `readdir` with `recursive` follows them from Node.js 22 on. @throws what `readdirSync` throws
 */
export function allEntriesBelow(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? [entry, ...allEntriesBelow(join(folder, entry.name))] : [entry],
    )
}
