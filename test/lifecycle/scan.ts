/** A scan that shares nothing with Lethe: grep and zcat over files, for tokens that node:crypto computed. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'

const env = { ...process.env, LC_ALL: 'C' }

/** Runs a line of the shell; grep's 1 for "nothing found" is no failure. */
async function shell(line: string, ...args: readonly string[]): Promise<{ text: string; sha256: string }> {
  const child = spawn('sh', ['-c', line, 'sh', ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const hash = createHash('sha256')
  let text = ''
  for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
    hash.update(bytes)
    if (text.length < 100) text += bytes.toString('latin1').slice(0, 100)
  }
  const code = await new Promise<number | null>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.once('close', resolve)
  })
  if (code !== 0 && code !== 1) throw new Error(`${line} ended with ${code}`)
  return { text, sha256: hash.digest('hex') }
}

const opened = (file: string): string => (file.endsWith('.gz') ? 'zcat -- "$1"' : 'cat -- "$1"')

/** Lines of the file that hold any of the tokens, which stand one a line. */
export const linesWith = async (file: string, tokens: string): Promise<number> =>
  Number((await shell(`${opened(file)} | grep -F -c -f "$2"`, file, tokens)).text)

/** SHA-256 of the lines that hold none of them. */
export const restOf = async (file: string, tokens: string): Promise<string> =>
  (await shell(`${opened(file)} | grep -F -v -f "$2"`, file, tokens)).sha256

/** SHA-256 of all lines. */
export const wholeOf = async (file: string): Promise<string> => (await shell(opened(file), file)).sha256
