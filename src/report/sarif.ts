import { SarifBuilder, SarifResultBuilder, SarifRuleBuilder, SarifRunBuilder } from 'node-sarif-builder'
import type { CheckedObject, CheckFinding, CheckReport, Position } from '../admission/check-report.ts'
import { formatDocumentError, type DocumentError } from '../policy/document-error.ts'
import type { AnyRule } from '../rules/rule.ts'
import { escapeJson, escapeLine } from './escape.ts'
import { refText } from './ref-text.ts'
import { findingText, uncheckedText } from './text.ts'

/** What a rule says about itself. */
export type RuleFacts = Pick<AnyRule, 'id' | 'summary' | 'why' | 'fix' | 'see'>

export interface SarifTool {
  readonly version: string
  /** Rules that findings may name; those of findings that are none of these appear with their id alone. */
  readonly rules: readonly RuleFacts[]
}

/** Reserved id of what is wrong with policies and manifests as documents. */
const INVALID_DOCUMENT: RuleFacts = {
  id: 'invalid-document',
  summary: 'Policies and manifests can be read.',
  why: 'Nothing is decided on half a set of policies, and what cannot be read was not checked.',
  fix: 'Correct the document where the message says; `poolguard explain` with the name of a kind prints its JSON Schema.',
  see: []
}

const LEVELS = { deny: 'error', warn: 'warning', audit: 'note' } as const

/**
 * A check as SARIF 2.1.0: one result a finding; and one of kind `open` (not enough information to decide, 3.27.9) for
 * each object and rule that was not checked. `errors` (what could not be read) are notifications of the invocation; those that
 * stand in a file are results too, of rule `invalid-document`, since what shows a pull request shows results alone.
 */
export function checkSarif(report: CheckReport, errors: readonly DocumentError[], tool: SarifTool): string {
  const run = new SarifRunBuilder({
    columnKind: 'utf16CodeUnits',
    invocations: [
      {
        executionSuccessful: errors.length === 0,
        toolExecutionNotifications: errors.map(error => ({
          level: 'error',
          message: { text: messageText(formatDocumentError(error)) },
          ...(error.path === '' ? {} : { locations: [{ physicalLocation: placeOf(error.path, error) }] })
        }))
      }
    ]
  }).initSimple({ toolDriverName: 'poolguard', toolDriverVersion: tool.version })
  for (const rule of [...tool.rules, INVALID_DOCUMENT]) run.addRule(ruleBuilder(rule))
  for (const object of report.objects) {
    for (const finding of object.findings) run.addResult(findingResult(object, finding))
    for (const unchecked of openQuestions(object)) run.addResult(unchecked)
  }
  for (const error of errors.filter(({ path }) => path !== '')) run.addResult(errorResult(error))
  const sarif = new SarifBuilder()
  sarif.addRun(run)
  // Not buildSarifJsonString(): it throws when any text in the report happens to hold the library's own marker.
  return `${escapeJson(JSON.stringify(sarif.buildSarifOutput(), undefined, 2))}\n`
}

function ruleBuilder({ id, summary, why, fix, see }: RuleFacts): SarifRuleBuilder {
  const source = see.find(text => /^https:\/\/\S+$/.test(text))
  return new SarifRuleBuilder({ help: { text: [why, fix, ...see].join('\n') } }).initSimple({
    ruleId: id,
    shortDescriptionText: summary,
    fullDescriptionText: why,
    ...(source === undefined ? {} : { helpUri: source })
  })
}

function findingResult(object: CheckedObject, finding: CheckFinding): SarifResultBuilder {
  return new SarifResultBuilder({
    level: LEVELS[finding.action],
    ruleId: finding.rule,
    message: { text: messageText(`${refText(object.ref)}: ${findingText(finding)}`) },
    locations: [location(object, finding)],
    ...(finding.witnesses === undefined ? {} : { properties: { witnesses: [...finding.witnesses] } })
  })
}

/** Without the place, which the result has by itself. */
function errorResult(error: DocumentError): SarifResultBuilder {
  const text = formatDocumentError({ ...error, path: '', line: 0 }).replace(/^: /, '')
  return new SarifResultBuilder({
    level: 'error',
    ruleId: INVALID_DOCUMENT.id,
    message: { text: messageText(text) },
    locations: [{ physicalLocation: placeOf(error.path, error) }]
  })
}

function openQuestions(object: CheckedObject): readonly SarifResultBuilder[] {
  const rules = [...new Set(object.unchecked.map(({ rule }) => rule))]
  return rules.map(ruleId => {
    const reasons = uncheckedText(object.unchecked.filter(({ rule }) => rule === ruleId))
    return new SarifResultBuilder({
      kind: 'open',
      level: 'none',
      ruleId,
      message: { text: messageText(`${refText(object.ref)}: ${reasons}`) },
      locations: [location(object, object.source)]
    })
  })
}

/** An object of a cluster is in no file. */
function location({ source, ref }: CheckedObject, { line, column }: Position) {
  return {
    ...(line === 0 ? {} : { physicalLocation: placeOf(source.path, { line, column }) }),
    logicalLocations: [{ fullyQualifiedName: escapeLine(refText(ref)), kind: 'resource' }]
  }
}

/** A line of 0 means the file as a whole. */
function placeOf(path: string, { line, column }: Position) {
  const artifactLocation = { uri: uriOf(path) }
  return line === 0
    ? { artifactLocation }
    : { artifactLocation, region: { startLine: line, startColumn: column } }
}

/** A path as a URI reference (RFC 3986): relative paths stay relative, to whatever the reader takes as the root. */
function uriOf(path: string): string {
  const parts = path
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '')
    .split('/')
  // Lone surrogates, which no file name can really have, would make it throw.
  const uri = parts.map(part => encodeURIComponent(Buffer.from(part).toString())).join('/')
  return path.startsWith('/') ? `file://${uri}` : uri
}

/** SARIF 3.11.5 and 3.11.6: braces are placeholders unless doubled, and `[text](target)` is a link. */
function messageText(text: string): string {
  return escapeLine(text).replace(/[{}]/g, '$&$&').replaceAll('](', '] (')
}
