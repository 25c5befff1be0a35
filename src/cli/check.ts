import { writeFileSync } from 'node:fs'
import { INVALID_OBJECT } from '../admission/response.ts'
import { checkObjects } from '../admission/check-run.ts'
import type { CheckReport } from '../admission/check-report.ts'
import type { UserInfo } from '../admission/raw-object.ts'
import type { KindName } from '../kinds/index.ts'
import { expiredExemptions } from '../policy/exemption.ts'
import { formatDocumentError, type DocumentError } from '../policy/yaml-source.ts'
import { renderCheckReport, type CheckFormat } from '../report/check-report.ts'
import type { SarifTool } from '../report/sarif.ts'
import { checkSummary } from '../report/text.ts'
import { openCheckWorld, type CheckWorld } from './check-world.ts'
import { wallTimeMs } from './clock.ts'
import type { SourceDocument } from './documents.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { errorLine, readSources, STDIN } from './sources.ts'
import { VERSION } from './version.ts'
import type { WorldOptions } from './world.ts'

export interface CheckOptions extends WorldOptions {
  /** Files and directories; `-` is standard input. */
  readonly paths: readonly string[]
  readonly as: string
  readonly asGroup: readonly string[]
  readonly format: CheckFormat
  /** Where the report is written instead of to stdout. */
  readonly output?: string
}

/** Who applies the objects when nobody is named: an administrator. */
const ADMINISTRATOR: UserInfo = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated']
}

/**
 * `poolguard check`: judges manifests and kMetal values overlays as if they were applied in order. Exit code 1 when one
 * is denied; 2 when something could not be read or an exemption has expired, though all the rest is judged and reported.
 */
export async function runCheck(options: CheckOptions, io: Io): Promise<number> {
  const stdin = options.paths.includes(STDIN) ? await io.stdin() : ''
  const world = await openCheckWorld(options, io)
  try {
    const { plan, exposures } = world.snapshot
    const { documents, errors: unread } = readSources(options.paths, stdin, plan.metallb.namespace)
    if (documents.length === 0 && unread.length === 0) {
      throw new UnusableError(`no objects in ${options.paths.join(', ')}`)
    }
    const nowMs = wallTimeMs()
    const known = kindsKnownBy(documents, world)
    const report = await checkObjects(documents, { ...world, known, user: userOf(options), nowMs })
    const errors = [...expiredExemptions(exposures.policies, nowMs), ...unread]
    publish(report, errors, { options, io, world })
    if (errors.length > 0) return EXIT.unusable
    return report.summary.denied > 0 ? EXIT.denied : EXIT.ok
  } finally {
    await world.close()
  }
}

/**
 * A kMetal values overlay lists every advertisement of the MetalLB that its chart installs, so with nothing else to go
 * by, an advertisement that is not there does not exist. A known inventory says more and is believed instead.
 */
function kindsKnownBy(documents: readonly SourceDocument[], { view }: CheckWorld): readonly KindName[] {
  const kinds: readonly KindName[] = ['L2Advertisement', 'BGPAdvertisement']
  const isOverlay = documents.some(({ origin }) => origin === 'kmetalValues')
  return isOverlay && !view.known('IPAddressPool') ? kinds : []
}

/** The user and the groups that the API server would add (authentication/user, impersonation filter). */
function userOf({ as, asGroup }: CheckOptions): UserInfo {
  if (as === ADMINISTRATOR.username && asGroup.length === 0) return ADMINISTRATOR
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(as)
  const own = account === null ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`]
  return { username: as, groups: [...new Set([...asGroup, ...own, 'system:authenticated'])] }
}

interface Publication {
  readonly options: CheckOptions
  readonly io: Io
  readonly world: CheckWorld
}

function publish(
  report: CheckReport,
  errors: readonly DocumentError[],
  { options, io, world }: Publication
): void {
  const { format, output } = options
  const sentences = errors.map(formatDocumentError)
  const text = renderCheckReport(report, {
    format,
    colour: output === undefined && io.isTerminal,
    errors: sentences,
    tool: toolOf(world)
  })
  for (const error of errors) io.stderr(`${errorLine(error)}\n`)
  if (output === undefined) io.stdout(text)
  else write(output, text)
  if (output !== undefined || format !== 'text') io.stderr(`${checkSummary(report)}\n`)
  if (report.objects.some(({ unchecked }) => unchecked.length > 0) && !world.view.known('IPAddressPool')) {
    io.stderr('give --inventory PATH or --kubeconfig FILE to judge what is unchecked\n')
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : `cannot write ${path}`)
  }
}

function toolOf({ snapshot }: CheckWorld): SarifTool {
  const invalid = {
    id: INVALID_OBJECT,
    summary: 'Every field has the type that its kind gives it.',
    why: 'The API server refuses an object whose fields have the wrong types.',
    fix: 'Correct the type of the field.',
    see: []
  }
  return { version: VERSION, rules: [invalid, ...snapshot.rules] }
}
