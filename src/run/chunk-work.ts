/** The work of a thread on files: chunks to outputs. */
import { serialize } from 'node:v8'
import { ClassPass } from '../engine/class-pass.ts'
import type { Engine } from '../engine/engine.ts'
import { GroupCount } from '../engine/group-count.ts'
import type { Answered } from '../engine/threads.ts'
import { subjectTokens } from '../gates/subject-token.ts'
import type { ClassPart } from '../groups/class-count.ts'
import type { GroupsKey, GroupsPart, SubjectGroups } from '../groups/subject-groups.ts'
import { Keyring } from '../keys/keyring.ts'
import type { SketchPart } from '../measures/khyperloglog.ts'
import type { Plan } from '../policy/plan.ts'
import type { Chunk, ChunkDone, ChunkJob, ChunkSetup, Layout, RewrittenChunk } from './chunk.ts'
import { originalsOf } from './chunk-originals.ts'
import { compileAgain } from './compile-again.ts'
import { gateDataOf } from './configuration.ts'
import { csvEngine, jsonEngine, type RunEngineOptions } from './engines.ts'
import { observedBy, Sketching } from './sketching.ts'

/** Inputs come one after the other, so that few engines are needed at a time. */
const MOST_ENGINES = 16

/** Turns chunks into outputs, with one engine for all inputs of a layout. */
export class ChunkRewriter {
  readonly #plan: Plan
  readonly #options: RunEngineOptions
  readonly #groups: SubjectGroups | undefined
  readonly #seals: boolean
  readonly #classes: ClassPass | undefined
  readonly #sketching: Sketching | undefined
  /** By layout, the one that was used last behind the others. */
  readonly #engines = new Map<string, Engine>()
  #last: { readonly id: number; readonly engine: Engine } | undefined

  constructor(
    plan: Plan,
    options: RunEngineOptions,
    groupsKey: GroupsKey | undefined,
    seals: boolean = false,
    classes?: ClassPass,
    sketching?: Sketching,
  ) {
    this.#classes = classes
    this.#plan = plan
    this.#seals = seals
    const count = groupsKey === undefined ? undefined : new GroupCount(plan, groupsKey)
    this.#groups = count?.groups
    this.#sketching = sketching
    const observers = [options.observe, sketching?.observe].filter((one) => one !== undefined)
    this.#options = {
      ...options,
      ...(count === undefined ? {} : { groups: count }),
      ...(observers.length === 0 ? {} : { observe: observedBy(observers) }),
    }
  }

  rewrite(chunk: Chunk): RewrittenChunk {
    const engine = this.#engineOf(chunk)
    engine.memory = chunk.memory
    const { output, deadLetters, lines } = engine.rewrite(chunk.bytes, chunk.length, chunk.offset)
    const originals = this.#seals && deadLetters.length > 0 ? originalsOf(chunk, deadLetters) : undefined
    return { spare: chunk.bytes.buffer, output, deadLetters, originals, lines, account: engine.takeAccount() }
  }

  #engineOf({ layoutId: id, layout }: Chunk): Engine {
    if (this.#last?.id === id) return this.#last.engine
    // What an input is called matters where its header is refused, and one that was taken is taken again.
    const key = serialize({ ...layout, input: '' }).toString('latin1')
    const engine = this.#engines.get(key) ?? this.#engine(layout)
    this.#engines.delete(key)
    this.#engines.set(key, engine)
    if (this.#engines.size > MOST_ENGINES) this.#engines.delete(this.#engines.keys().next().value!)
    this.#last = { id, engine }
    return engine
  }

  #engine(layout: Layout): Engine {
    const { observe } = this.#options
    const options = {
      ...this.#options,
      isDecoded: layout.isDecoded,
      observe: observe && ((format, shape) => observe(format, shape, layout.told)),
    } satisfies RunEngineOptions
    return layout.format === 'ndjson'
      ? jsonEngine(this.#plan, options, layout.leaves)
      : csvEngine(this.#plan, layout.header, layout.input, layout.style, options, layout.leaves)
  }

  /** The data subjects behind what was published, if they are counted. */
  groups(): GroupsPart | undefined {
    return this.#groups?.part()
  }

  /** The classes of what was published, if they are counted. */
  classes(): ClassPart | undefined {
    return this.#classes?.count.part()
  }

  /** By side, what was sketched. */
  sketches(): readonly SketchPart[] {
    return this.#sketching?.parts() ?? []
  }
}

/** What does the chunks of a run, in this thread or another. */
export function rewriterOf(
  plan: Plan,
  { options, configuration, groupsKey, seals = false, crowd, sketch }: ChunkSetup,
): ChunkRewriter {
  const given = gateDataOf(configuration)
  const classes = crowd === undefined || crowd === 'unjudged' ? undefined : new ClassPass(plan, crowd)
  const data = { ...given, crowd: crowd === 'unjudged' ? crowd : classes?.judges }
  const subjectToken = seals ? subjectTokens(plan, data)?.tokenOf : undefined
  const { keyset } = configuration
  const sketching =
    sketch === undefined || keyset === undefined
      ? undefined
      : new Sketching(plan, sketch, Keyring.fromKeyset(keyset))
  return new ChunkRewriter(plan, { ...options, data, subjectToken }, groupsKey, seals, classes, sketching)
}

/** Compiles the plan of a run, in a thread, and gives what does its jobs. */
export function chunkWork(setup: ChunkSetup): (job: ChunkJob) => Answered<ChunkDone> {
  const rewriter = rewriterOf(compileAgain(setup).plan, setup)
  return (job) => {
    if ('counts' in job) {
      const { counts } = job
      if (counts === 'sketches') return { done: { sketches: rewriter.sketches() }, transfer: [] }
      const done = counts === 'groups' ? { groups: rewriter.groups() } : { classes: rewriter.classes() }
      return { done, transfer: [] }
    }
    const rewritten = rewriter.rewrite(job.chunk)
    return {
      done: { rewritten },
      transfer: [rewritten.output.buffer as ArrayBuffer, job.chunk.bytes.buffer],
    }
  }
}
