/** A clean copy of the checkout: the files that git knows or would take, as they stand. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'

/** @throws Error where `root` is no checkout of git */
export function copyCheckout(root: string, target: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  for (const file of new Set(listed.split('\0'))) {
    const from = join(root, file)
    // A file that was removed and is not yet committed; and one with `!` of its own repository is a folder.
    if (file === '' || !existsSync(from) || lstatSync(from).isDirectory()) continue
    cpSync(from, join(target, file), { verbatimSymlinks: true })
  }
}
