/** A reporter of vitest: the ten files of a run that took longest, at its end. */
import type { TestModule } from 'vitest/node'
import type { Reporter } from 'vitest/reporters'

const SHOWN = 10

export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const took = modules
      .map((module) => {
        const { collectDuration, duration } = module.diagnostic()
        return { module, milliseconds: collectDuration + duration }
      })
      .sort((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, SHOWN)
    if (took.length < 2) return
    process.stdout.write('\nthe slowest files\n')
    for (const { module, milliseconds } of took)
      process.stdout.write(
        `${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${module.project.name}  ${module.relativeModuleId}\n`,
      )
  }
}
