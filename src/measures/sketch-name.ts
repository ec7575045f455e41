/** Names of the sketches of streams: PIPELINE.ROUTE.SIDE.START.PROCESS.sketch */
export const SKETCH_EXTENSION = '.sketch'

export interface SketchFileName {
  readonly pipeline: string
  readonly route: string
  readonly side: 'input' | 'output'
  /** When its period begins, ms since the epoch. */
  readonly start: number
  /** Hex digits of one process. */
  readonly process: string
}

export const sketchName = ({ pipeline, route, side, start, process }: SketchFileName): string =>
  `${pipeline}.${route}.${side}.${stamp(start)}.${process}${SKETCH_EXTENSION}`

/** Whether a file has the name of a sketch of this route. */
export function isSketchOf(
  name: string,
  { pipeline, route }: Pick<SketchFileName, 'pipeline' | 'route'>,
): boolean {
  const before = `${pipeline}.${route}.`
  return (
    name.startsWith(before) &&
    /^(?:in|out)put\.\d{8}T\d{4}Z\.[0-9a-f]{12}\.sketch$/.test(name.slice(before.length))
  )
}

/** 20261130T0000Z */
const stamp = (instant: number): string =>
  `${new Date(instant).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`

/** The name of the sketch that a temporary file was to become; undefined where it is none. */
export const sketchOfPart = (name: string): string | undefined =>
  /^\.(.+)\.[0-9a-f]{12}\.part$/.exec(name)?.[1]
