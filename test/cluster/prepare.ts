import { build } from './build.ts'
import { missingPrerequisites } from './prerequisites.ts'

/**
 * Checks what the machine must have and builds what is not built yet. Under a second when everything is there. Throws
 * when the machine lacks something; the message says what, and how to get it.
 */
export async function prepare(report: (line: string) => void): Promise<void> {
  const missing = await missingPrerequisites()
  if (missing.length > 0) throw new Error(missing.join('\n'))
  await build(report)
}
