/** `lethe transforms [NAME]`: the catalogue, from the register itself. */
import { Argument, Command, Option } from 'commander'
import { transforms } from '../../transforms/index.ts'
import { expire } from '../../transforms/retention/expire.ts'
import { catalogueJson, catalogueText, type Entry, entryText } from '../catalogue/catalogue.ts'
import { LetheError } from '../errors.ts'
import { nearest } from '../policy/suggest.ts'
import { paint } from '../terminal.ts'

/** Everything that the catalogue lists. */
export function entries(): readonly Entry[] {
  return [...transforms, expire].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function run(name: string | undefined, options: { format: 'text' | 'json' }): void {
  const all = entries()
  const chosen = name === undefined ? all : all.filter((entry) => entry.name === name)
  if (name !== undefined && chosen.length === 0) {
    const family = all.filter((entry) => entry.name.startsWith(`${name}.`))
    if (family.length === 0) {
      const near = nearest(
        name,
        all.map((entry) => entry.name),
      )
      const way = near === undefined ? '`lethe transforms` lists all' : `did you mean \`${near}\`?`
      throw new LetheError('unknown-name', `there is no transform \`${name}\``, way)
    }
    print(family, options.format)
    return
  }
  if (name !== undefined && options.format === 'text') {
    process.stdout.write(entryText(chosen[0]!, paint(process.stdout), width()))
  } else print(chosen, options.format)
}

function print(list: readonly Entry[], format: 'text' | 'json'): void {
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify({ v: 1, transforms: catalogueJson(list) }, null, 2)}\n`)
  } else process.stdout.write(catalogueText(list, paint(process.stdout), width()))
}

function width(): number {
  return Math.min(process.stdout.columns ?? 100, 100)
}

const EXAMPLES = `
Examples:
  $ lethe transforms                       all of them, a line each
  $ lethe transforms hash                  one family
  $ lethe transforms hash.hmac             everything about one
  $ lethe transforms --format json | jq    for programs`

export const command = (): Command =>
  new Command('transforms')
    .description('Lists the transforms that a policy can use, or says everything about one.')
    .addArgument(new Argument('[name]', 'a transform such as hash.hmac, or a family such as mask'))
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText('after', EXAMPLES)
    .action(run)
