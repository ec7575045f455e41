/** The tree of commands. Loads only the command that is asked for, so that starting costs next to nothing. */
import { Command, CommanderError } from 'commander'
import { EXIT } from '../errors.ts'
import { packageVersion } from '../run/package-root.ts'
import { paint } from '../terminal.ts'
import { type CommandEntry, commands } from './commands.ts'
import { jsonLine, wantsJson } from './report-error.ts'

const EXAMPLES = `
Examples:
  $ lethe init --from customers.csv -o policy.yaml    a draft policy from a sample
  $ lethe lint policy.yaml                            is it sound?
  $ lethe explain -p policy.yaml                      what happens to each field, and why
  $ lethe keys create keys.json                       a keyset for tokens
  $ lethe batch customers.csv -p policy.yaml --keys keys.json -o out.csv
  $ lethe demo                                        all of it, on made-up data

Exit codes: 0 ok, 1 violations found, 2 usage or configuration, 3 done, but records were
dead-lettered, 4 input/output, 130 interrupted.`

function settle(command: Command, asJson: boolean): void {
  const { red } = paint(process.stderr)
  command.exitOverride()
  command.configureOutput({
    writeErr: (text) => process.stderr.write(text),
    outputError: (text, write) =>
      asJson ||
      write(
        text.replace(/^error: /, `${red('lethe:')} `).replace(/\n\(Did (you mean .*\?)\)/, '\n  -> did $1'),
      ),
  })
  if (!asJson) command.showHelpAfterError(`  -> see ${path(command)} --help`)
  for (const child of command.commands) settle(child, asJson)
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`
}

/** The whole tree of commands; those that `wanted` refuses are in it by name and summary only. */
export async function program(wanted: (entry: CommandEntry) => boolean, asJson = false): Promise<Command> {
  const lethe = new Command('lethe')
    .description('De-identifies customer events on their way to model training, as one policy says.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', EXAMPLES)
    .allowExcessArguments(false)
  const tree = (): Promise<Command> => program(() => true)
  for (const entry of commands) {
    const command = wanted(entry) ? (await entry.load()).command(tree) : new Command(entry.name)
    lethe.addCommand(command.summary(entry.summary))
  }
  settle(lethe, asJson)
  return lethe
}

/** Runs one command line (without node and script) and gives its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith('-'))
  const name = words[0] === 'help' ? words[1] : words[0]
  const asJson = wantsJson(args)
  const lethe = await program((entry) => entry.name === name, asJson)
  if (args.length === 0) {
    lethe.outputHelp({ error: true })
    return EXIT.usage
  }
  try {
    await lethe.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT.ok
    if (asJson) process.stderr.write(jsonLine(refused(error)))
    return EXIT.usage
  }
  return Number(process.exitCode ?? EXIT.ok)
}

/** Turns an error of commander about the command line into one with a code. */
function refused({ message }: CommanderError) {
  const [what, more] = message.replace(/^error: /, '').split('\n')
  const near = /^\(Did (you mean .*\?)\)$/.exec(more ?? '')?.[1]
  return { code: 'bad-option', message: what!, suggestion: near && `did ${near}` } as const
}
