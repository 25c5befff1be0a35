import { checkObjects } from '../admission/check-run.ts'
import { reportOn, type CheckedObject, type CheckReport } from '../admission/check-report.ts'
import type { UserInfo } from '../admission/raw-object.ts'
import type { KindName } from '../kinds/index.ts'
import { expiredExemptions } from '../policy/exemption.ts'
import { openCheckWorld, type CheckWorld } from './check-world.ts'
import { wallTimeMs } from './clock.ts'
import type { SourceDocument } from './documents.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { orDefault } from './policies.ts'
import { publish, reporting, type PublishOptions } from './publish.ts'
import { readSources, STDIN } from './sources.ts'
import { checkWidening } from './widening.ts'
import type { WorldOptions } from './world.ts'

export interface CheckOptions extends WorldOptions, PublishOptions {
  /** Files and directories; `-` is standard input. Empty: the policies alone are read. */
  readonly paths: readonly string[]
  readonly as: string
  readonly asGroup: readonly string[]
  /** Whether the text tells how full pools and allocations are. */
  readonly capacity?: boolean
  /** Policies that these ones are to replace: what those refuse must stay refused. */
  readonly failOnWidening?: string
}

/** Who applies the objects when nobody is named: an administrator. */
const ADMINISTRATOR: UserInfo = {
  username: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated']
}

/**
 * `poolguard check`: judges manifests and kMetal values overlays as if they were applied in order. Exit code 1 when one
 * is denied, or when the policies let through what those of `failOnWidening` refuse; 2 when something could not be read or an
 * exemption has expired, though all the rest is judged and reported.
 */
export async function runCheck(options: CheckOptions, io: Io): Promise<number> {
  if (options.capacity === true && !['text', 'json'].includes(options.format)) {
    throw new UnusableError(`--format ${options.format} has no place for --capacity: take text or json`)
  }
  const isOfPolicies = options.policies.length > 0 || options.failOnWidening !== undefined
  // A list of files that came out empty must not pass as a check of them.
  if (options.paths.length === 0 && !isOfPolicies) {
    throw new UnusableError(
      "missing required argument 'path'; to check policies alone, name them: --policies PATH"
    )
  }
  return reporting({ command: 'check', options, io }, () => checkAll(options, io))
}

async function checkAll(options: CheckOptions, io: Io): Promise<number> {
  const stdin = options.paths.includes(STDIN) ? await io.stdin() : ''
  const world = await openCheckWorld(options, io)
  try {
    const { plan, exposures } = world.snapshot
    const { documents, errors: unread } = readSources(options.paths, stdin, plan.metallb.namespace)
    if (options.paths.length > 0 && documents.length === 0 && unread.length === 0) {
      throw new UnusableError(`no objects in ${options.paths.join(', ')}`)
    }
    if (options.paths.length === 0) io.stderr('no manifests were named: the policies alone were checked\n')
    const nowMs = wallTimeMs()
    const widened = await widenedDocuments(options, world, nowMs)
    const known = kindsKnownBy(documents, world)
    const checked = await checkObjects(documents, { ...world, known, user: userOf(options), nowMs })
    const report = widened.length === 0 ? checked : reportOn([...widened, ...checked.objects], checked)
    const errors = [...expiredExemptions(exposures.policies, nowMs), ...unread]
    publish(report, {
      command: 'check',
      options,
      io,
      errors,
      snapshot: world.snapshot,
      showsCapacity: options.capacity ?? false
    })
    if (isUnchecked(report) && !world.view.known('IPAddressPool')) {
      io.stderr('give --inventory PATH or --kubeconfig FILE to judge what is unchecked\n')
    }
    if (errors.length > 0) return EXIT.unusable
    return report.summary.denied > 0 ? EXIT.denied : EXIT.ok
  } finally {
    await world.close()
  }
}

async function widenedDocuments(
  { failOnWidening, policies }: CheckOptions,
  { snapshot }: CheckWorld,
  nowMs: number
): Promise<readonly CheckedObject[]> {
  if (failOnWidening === undefined) return []
  return checkWidening({ basePath: failOnWidening, paths: orDefault(policies), proposal: snapshot, nowMs })
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

function isUnchecked({ objects }: CheckReport): boolean {
  return objects.some(({ unchecked }) => unchecked.length > 0)
}

/** The user and the groups that the API server would add (authentication/user, impersonation filter). */
function userOf({ as, asGroup }: CheckOptions): UserInfo {
  if (as === ADMINISTRATOR.username && asGroup.length === 0) return ADMINISTRATOR
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(as)
  const own = account === null ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`]
  return { username: as, groups: [...new Set([...asGroup, ...own, 'system:authenticated'])] }
}
