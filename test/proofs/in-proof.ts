/** Whether `npm run proof:properties` runs a test: what is too long for a check is there, too. */
export const IN_PROOF: boolean = process.env['LETHE_RUNS'] !== undefined
