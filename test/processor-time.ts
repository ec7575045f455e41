/** Milliseconds of processor time that this process has taken: a busy machine does not lengthen them, as it does those of a clock. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
