/** Which file stands under a name, and in which state: to tell that another one took its place. */
import { statSync } from 'node:fs'

/** That it is gone is a state too. @throws the system's error where it cannot be looked at */
export function stampOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return 'gone'
  const { dev, ino, size, mtimeNs, ctimeNs } = stats
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}
