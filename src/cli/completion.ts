/** `lethe completion SHELL`: a completion script, made from the commands themselves. */
import { Argument, Command, type Option } from 'commander'

interface Node {
  /** `lethe keys create`. */
  readonly path: readonly string[]
  readonly summary: string
  readonly children: readonly Node[]
  readonly options: readonly Option[]
  /** Words that the first argument may be. */
  readonly words: readonly string[]
}

function nodeOf(command: Command, path: readonly string[]): Node {
  const children = command.commands.map((child) => nodeOf(child, [...path, child.name()]))
  const argument = command.registeredArguments[0]
  const summary = command.summary() || command.description()
  return { path, summary, children, options: command.options, words: argument?.argChoices ?? [] }
}

function all(node: Node): Node[] {
  return [node, ...node.children.flatMap(all)]
}

const flags = (node: Node): string[] => [
  ...node.options.flatMap((option) => [option.short, option.long].filter((flag) => flag !== undefined)),
  '-h',
  '--help',
]

const takesValue = (option: Option) => option.required || option.optional

function flagsOf(option: Option): string[] {
  return [option.short, option.long].filter((flag) => flag !== undefined)
}

/** Which command a line is about: its words, as far as they are names of commands. */
function bash(root: Node): string {
  const nodes = all(root)
  const walk = nodes
    .filter((node) => node.path.length > 1)
    .map(
      (node) =>
        `      "${node.path.slice(0, -1).join(' ')},${node.path.at(-1)}") path="${node.path.join(' ')}" ;;`,
    )
  const values = nodes.flatMap((node) =>
    node.options.filter(takesValue).map((option) => {
      const patterns = flagsOf(option).map((flag) => `"${node.path.join(' ')},${flag}"`)
      const reply = option.argChoices
        ? `COMPREPLY=($(compgen -W "${option.argChoices.join(' ')}" -- "$word"))`
        : 'COMPREPLY=($(compgen -f -- "$word"))'
      return `    ${patterns.join('|')}) ${reply}; return ;;`
    }),
  )
  const lists = nodes.map((node) => {
    const names = [...node.children.map((child) => child.path.at(-1)!), ...node.words]
    return `    "${node.path.join(' ')}") words="${names.join(' ')}"; flags="${flags(node).join(' ')}" ;;`
  })
  return `# bash completion for lethe; load with: source <(lethe completion bash)
_lethe() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="lethe" words="" flags="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path,\${COMP_WORDS[i]}" in
${walk.join('\n')}
    esac
  done
  case "$path,$before" in
${values.join('\n')}
  esac
  case "$path" in
${lists.join('\n')}
  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _lethe lethe
`
}

/** Within single quotes of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
const zshText = (text: string) => text.replace(/[[\]:\\]/g, (char) => `\\${char}`)

function zsh(root: Node): string {
  const functionOf = (node: Node) => `_${node.path.join('_')}`
  const bodies = all(root).map((node) => {
    const specs = node.options.map((option) => {
      const names = flagsOf(option)
      const name = names.length > 1 ? `(${names.join(' ')})'{${names.join(',')}}'` : names[0]!
      const value = option.argChoices ? `:value:(${option.argChoices.join(' ')})` : ':value:_files'
      return `    '${name}[${zshText(option.description).replaceAll("'", "'\\''")}]${takesValue(option) ? value : ''}'`
    })
    specs.push(`    '(-h --help)'{-h,--help}'[print help]'`)
    if (node.children.length === 0) {
      specs.push(node.words.length > 0 ? `    '1:argument:(${node.words.join(' ')})'` : `    '*:file:_files'`)
      return `${functionOf(node)}() {\n  _arguments -s \\\n${specs.join(' \\\n')}\n}`
    }
    const children = node.children.map(
      (child) => `      ${quoted(`${child.path.at(-1)}:${zshText(child.summary)}`)}`,
    )
    const cases = node.children.map((child) => `        ${child.path.at(-1)}) ${functionOf(child)} ;;`)
    return `${functionOf(node)}() {
  local state line
  local -a commands
  _arguments -C \\
${specs.join(' \\\n')} \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      commands=(
${children.join('\n')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}`
  })
  return `#compdef lethe
# zsh completion for lethe; put it on your fpath as _lethe, or: source <(lethe completion zsh)
${bodies.join('\n')}
compdef _lethe lethe
`
}

function fish(root: Node): string {
  const lines = [
    '# fish completion for lethe; load with: lethe completion fish | source',
    'complete -c lethe -e',
  ]
  for (const node of all(root)) {
    const names = node.path.slice(1)
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`)
    const none = node.children.map((child) => child.path.at(-1)).join(' ')
    const here = [...seen, ...(none === '' ? [] : [`not __fish_seen_subcommand_from ${none}`])].join('; and ')
    const on = here === '' ? '' : ` -n ${quoted(here)}`
    for (const child of node.children) {
      lines.push(`complete -c lethe -f${on} -a ${child.path.at(-1)} -d ${quoted(child.summary)}`)
    }
    if (node.words.length > 0) lines.push(`complete -c lethe -f${on} -a ${quoted(node.words.join(' '))}`)
    for (const option of node.options) {
      const short = option.short === undefined ? '' : ` -s ${option.short.replace(/^-/, '')}`
      const long = option.long === undefined ? '' : ` -l ${option.long.replace(/^--/, '')}`
      const value = option.argChoices
        ? ` -x -a ${quoted(option.argChoices.join(' '))}`
        : takesValue(option)
          ? ' -r'
          : ''
      lines.push(`complete -c lethe${on}${short}${long}${value} -d ${quoted(option.description)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

const SHELLS = { bash, zsh, fish } as const

const EXAMPLES = `
Examples:
  $ source <(lethe completion bash)                       in ~/.bashrc
  $ lethe completion zsh > "\${fpath[1]}/_lethe"
  $ lethe completion fish > ~/.config/fish/completions/lethe.fish`

export const command = (tree: () => Promise<Command>): Command =>
  new Command('completion')
    .description('Prints a completion script for your shell.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: keyof typeof SHELLS) => {
      const root = nodeOf(await tree(), ['lethe'])
      process.stdout.write(SHELLS[shell](root))
    })
