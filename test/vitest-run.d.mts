export const PROJECTS: readonly string[]
export const reportOf: (project: string) => string
export function argumentsOf(project: string): string[]
