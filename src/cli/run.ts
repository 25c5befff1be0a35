import { Command, CommanderError } from 'commander'
import { addCommands } from './commands.ts'
import { EXIT, UnusableError, unusableText, type Io } from './io.ts'
import { VERSION } from './version.ts'

/** Runs one command line and answers its exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok
  const program = new Command('poolguard')
    .description('refuses bad address plans on bare-metal Kubernetes before they are stored')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .showHelpAfterError('(--help lists what there is)')
  addCommands(program, io, result => (code = result))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return exitCodeOf(error, io)
  }
}

function exitCodeOf(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
  if (error instanceof UnusableError) io.stderr(unusableText(error))
  else
    io.stderr(
      `poolguard: internal fault: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}\n`
    )
  return EXIT.unusable
}
