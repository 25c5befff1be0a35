import { auditObjects, type AuditContext } from '../admission/audit-run.ts'
import type { Place } from '../admission/check-report.ts'
import { whatIf } from '../admission/what-if.ts'
import { refKey, type ObjectRef } from '../kinds/object-ref.ts'
import { expiredExemptions } from '../policy/exemption.ts'
import { refText } from '../report/ref-text.ts'
import { whatIfJson, whatIfSummary, whatIfText } from '../report/what-if.ts'
import { wallTimeMs } from './clock.ts'
import { EXIT, UnusableError, type Io } from './io.ts'
import { loadPolicies, orDefault } from './policies.ts'
import { publish, reporting, writeReport, type PublishOptions } from './publish.ts'
import { loadInventoryFiles } from './sources.ts'
import { openWorld, type WorldOptions } from './world.ts'

export interface AuditOptions extends WorldOptions, PublishOptions {
  /** Policies that the others are to replace: only what changes is told then. */
  readonly base?: string
}

/**
 * `poolguard audit`: what is stored and violates the policies, which may be a proposal, and how full pools are. Exit code 1
 * when something would be denied; a kind that could not be read is unchecked, and 2 when that is so of all. With `base`: what
 * would newly be refused and what freed, and 1 when something would newly be refused.
 */
export async function runAudit(options: AuditOptions, io: Io): Promise<number> {
  const { base, format } = options
  if (base !== undefined && format !== 'text' && format !== 'json') {
    throw new UnusableError(`--format ${format} has no place for --base: take text or json`)
  }
  return reporting({ command: 'audit', options, io }, () =>
    base === undefined ? auditAll(options, io) : compareAll(base, options, io)
  )
}

async function auditAll(options: AuditOptions, io: Io): Promise<number> {
  const context = await everythingStored(options, io)
  const report = auditObjects(context)
  publish(report, {
    command: 'audit',
    options,
    io,
    errors: expiredExemptions(context.snapshot.exposures.policies, context.nowMs),
    snapshot: context.snapshot,
    showsCapacity: true
  })
  return report.summary.denied > 0 ? EXIT.denied : EXIT.ok
}

async function compareAll(base: string, options: AuditOptions, io: Io): Promise<number> {
  const before = loadPolicies([base])
  const context = { ...(await everythingStored(options, io)), tellsAll: true }
  const comparison = whatIf(auditObjects({ ...context, snapshot: before }), auditObjects(context))
  const { format, output } = options
  const isColoured = output === undefined && io.isTerminal
  const text = format === 'json' ? whatIfJson(comparison) : whatIfText(comparison, isColoured)
  if (output === undefined) io.stdout(text)
  else writeReport(output, text)
  if (output !== undefined || format === 'json') io.stderr(`${whatIfSummary(comparison.summary)}\n`)
  return comparison.summary.refused > 0 ? EXIT.denied : EXIT.ok
}

async function everythingStored(options: AuditOptions, io: Io): Promise<AuditContext> {
  const { policies, inventory, kubeconfig } = options
  const nowMs = wallTimeMs()
  const isCluster = kubeconfig !== undefined
  if (isCluster === inventory.length > 0) {
    throw new UnusableError('give either --kubeconfig FILE or --inventory PATH')
  }
  if (!isCluster) {
    const snapshot = loadPolicies(orDefault(policies))
    const files = loadInventoryFiles(inventory)
    const placeOf = (ref: ObjectRef) => files.places.get(refKey(ref)) ?? outsideFiles(ref)
    return { snapshot, view: files.inventory, unreadable: [], placeOf, nowMs }
  }
  const world = await openWorld(options, io)
  // Nothing changes it any more, so that it stands for one moment.
  await world.close()
  // A kind whose CRD is not installed is known, and says nothing about what may be read.
  if (!world.watcher?.status().some(({ state }) => state === 'synced')) {
    throw new UnusableError(`the cluster of ${kubeconfig} lets nothing be read that rules are about`)
  }
  const unreadable = world.watcher?.unreadable() ?? []
  const snapshot = world.ports.snapshot()
  return { snapshot, view: world.inventory, unreadable, placeOf: outsideFiles, nowMs }
}

function outsideFiles(ref: ObjectRef): Place {
  return { path: refText(ref), position: () => ({ line: 0, column: 0 }) }
}
