import { test } from 'tap'
import type { CheckedObject, CheckReport } from '../../src/admission/check-report.ts'
import { isRecord } from '../../src/kinds/decode.ts'
import { capacityText } from '../../src/report/capacity.ts'
import { renderCheckReport, type CheckFormat } from '../../src/report/check-report.ts'
import { escapeJson, escapeLine } from '../../src/report/escape.ts'
import { renderTestReport, type TestReport } from '../../src/report/test-report.ts'
import { checkSummary } from '../../src/report/text.ts'
import type { Capacity } from '../../src/rules/capacity.ts'

const RULE = {
  id: 'pool-overlap',
  summary: 'A pool shares no address.',
  why: 'MetalLB stops.',
  fix: 'Take it out.',
  see: ['RFC 1918', 'https://metallb.io/configuration/']
}

const DENIED: CheckedObject = {
  source: { path: 'pools/b.yaml', line: 1, column: 1 },
  ref: { kind: 'IPAddressPool', namespace: 'kmetal-metallb', name: 'pool-b' },
  verdict: 'denied',
  findings: [
    {
      rule: 'pool-overlap',
      action: 'deny',
      field: 'spec.addresses[0]',
      message: 'shares <1> address',
      line: 8,
      column: 5
    },
    { rule: 'pool-x', action: 'audit', field: '', message: 'is odd', line: 1, column: 1 }
  ],
  unchecked: [
    { rule: 'pool-y', because: 'kind-unknown', needs: 'Service' },
    { rule: 'pool-y', because: 'kind-unknown', needs: 'Node' },
    { rule: 'pool-z', because: 'kind-unknown', needs: 'Node' },
    { rule: 'pool-z', because: 'plan-silent', needs: 'spec.nodeSubnets' }
  ],
  exempted: [],
  defaults: []
}

const WARNED: CheckedObject = {
  ...DENIED,
  source: { path: 'pools/a.yaml', line: 3, column: 1 },
  ref: { kind: 'Vpc', namespace: '', name: 'acme' },
  verdict: 'warned',
  findings: [
    { rule: 'vpc', action: 'warn', field: 'spec', message: 'has {braces} and [a](link)', line: 4, column: 2 }
  ],
  unchecked: []
}

const SILENT: CheckedObject = {
  ...WARNED,
  ref: { kind: '', namespace: '', name: '' },
  verdict: 'not-judged',
  findings: []
}
const UNCHECKED: CheckedObject = {
  ...WARNED,
  verdict: 'unchecked',
  findings: [],
  unchecked: DENIED.unchecked.slice(0, 1)
}
const PASSED: CheckedObject = { ...WARNED, verdict: 'passed', findings: [] }

const EXEMPTED: CheckedObject = {
  ...PASSED,
  exempted: [
    {
      rule: 'pool-z',
      action: 'deny',
      field: '',
      message: 'is odd',
      line: 5,
      column: 6,
      policy: 'lab',
      reason: 'single-node lab',
      expires: '2027-01-31'
    }
  ]
}

const REPORT: CheckReport = {
  objects: [DENIED, WARNED, SILENT, UNCHECKED, PASSED],
  summary: { denied: 1, warned: 1, unchecked: 1, passed: 1, 'not-judged': 1 },
  capacity: { unknown: [], pools: [], allocations: [] },
  edgeNat: undefined
}

function rendered(format: CheckFormat, report = REPORT, colour = false): string {
  return renderCheckReport(report, {
    command: 'check',
    format,
    colour,
    errors: [{ path: 'c.yaml', line: 1, column: 1, field: '', value: '', message: 'broken', hint: '' }],
    showsCapacity: false,
    tool: { version: '1.2.3', rules: [RULE] },
    policies: 'sha256:ab'
  })
}

const HOSTILE = [
  ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m', 'ANSI'],
  ['a\r\n::error::b', 'a\\u{d}\\u{a}::error::b', 'line ends'],
  ['::error file=x::y', '\\u{3a}:error file=x::y', 'a GitHub command'],
  [' \t::add-mask::x', ' \\u{9}::add-mask::x', 'a GitHub command behind a tab'],
  ['  ::stop-commands::x', '  \\u{3a}:stop-commands::x', 'a GitHub command behind blanks'],
  ['x ##[error]y', 'x \\u{23}#[error]y', 'an old GitHub command'],
  [
    'x ##vso[task.setvariable variable=a]b',
    'x \\u{23}#vso[task.setvariable variable=a]b',
    'an Azure command'
  ],
  ['##teamcity[buildStatus]', '\\u{23}#teamcity[buildStatus]', 'a TeamCity message'],
  [
    '\u009b31m\u202eabc\u2066\u200b\ufeff\u2028',
    '\\u{9b}31m\\u{202e}abc\\u{2066}\\u{200b}\\u{feff}\\u{2028}',
    'C1 and bidi'
  ],
  ['a\u{e0041}b\u00ad', 'a\\u{e0041}b\\u{ad}', 'tags and soft hyphens'],
  ['\ud800x', '\\u{d800}x', 'a lone surrogate']
] as const

void test('escapeLine() makes text harmless to terminals and CI systems', t => {
  for (const [hostile, harmless, what] of HOSTILE) t.equal(escapeLine(hostile), harmless, what)
  for (const plain of ['fd00::1-fd00::ff', 'größer 日本 😀', 'a: ## b [c]', 'x.yaml:1:2: DENIED']) {
    t.equal(escapeLine(plain), plain)
  }
  t.end()
})

void test('escapeJson() keeps the value and no hostile text', t => {
  for (const [hostile, , what] of HOSTILE) {
    const json = escapeJson(JSON.stringify({ [hostile]: [hostile] }, undefined, 2))
    t.same(JSON.parse(json), { [hostile]: [hostile] }, what)
    t.notMatch(json, /##(?:vso|teamcity)?\[|[^\n -~]/, what)
  }
  t.end()
})

void test('the text of a check names every finding by its place', t => {
  t.equal(
    rendered('text'),
    [
      'pools/b.yaml:8:5: DENIED IPAddressPool kmetal-metallb/pool-b: shares <1> address [pool-overlap]',
      'pools/b.yaml:1:1: AUDITED IPAddressPool kmetal-metallb/pool-b: is odd [pool-x]',
      'pools/b.yaml:1:1: UNCHECKED IPAddressPool kmetal-metallb/pool-b: pool-y, pool-z: not known which Service and Node objects there are; pool-z: the NetworkPlan does not give spec.nodeSubnets',
      'pools/a.yaml:4:2: WARNED Vpc acme: has {braces} and [a](link) [vpc]',
      'pools/a.yaml:3:1: UNCHECKED Vpc acme: pool-y: not known which Service objects there are',
      '5 objects: 1 denied, 1 warned, 1 unchecked, 1 passed, 1 not judged',
      ''
    ].join('\n')
  )
  t.match(rendered('text', REPORT, true), 'b.yaml:8:5: \u001b[31mDENIED\u001b[0m IPAddressPool')
  t.end()
})

void test('what is exempted is told, and neither fails nor warns', t => {
  const report: CheckReport = {
    ...REPORT,
    objects: [EXEMPTED],
    summary: { denied: 0, warned: 0, unchecked: 0, passed: 1, 'not-judged': 0 }
  }
  const line = 'is odd [pool-z], exempted until 2027-01-31 by ExposurePolicy lab: single-node lab'
  t.match(rendered('text', report), `pools/a.yaml:5:6: EXEMPTED Vpc acme: ${line}\n`)
  t.match(JSON.parse(rendered('json', report)), {
    objects: [{ verdict: 'passed', exempted: EXEMPTED.exempted }]
  })
  const junit = rendered('junit', report)
  t.match(junit, `<system-out>${line}`)
  t.notMatch(junit, '<failure')
  t.notMatch(rendered('sarif', report), 'is odd')
  t.end()
})

void test('no file name, object name or message can forge a line or a command', t => {
  for (const [hostile, , what] of HOSTILE) {
    const object: CheckedObject = {
      ...DENIED,
      source: { ...DENIED.source, path: hostile },
      ref: { ...DENIED.ref, name: hostile },
      findings: DENIED.findings.map(finding => ({ ...finding, message: hostile })),
      exempted: EXEMPTED.exempted.map(one => ({ ...one, message: hostile, reason: hostile }))
    }
    const report = { ...REPORT, objects: [object] }
    const cases = [{ name: hostile, passed: false, line: 1, failures: [hostile] }]
    const texts = [
      ...(['text', 'json', 'sarif', 'junit'] as const).map(format => rendered(format, report)),
      ...(['text', 'json', 'junit'] as const).map(format =>
        renderTestReport({ suites: [{ name: hostile, path: hostile, cases }] }, format)
      )
    ]
    for (const text of texts) t.notMatch(text, /^\s*::|##(?:vso|teamcity)?\[|[^\n -~]/m, what)
  }
  t.end()
})

void test('the JSON of a check is the report', t => {
  const { edgeNat: _, ...told } = REPORT
  t.same(JSON.parse(rendered('json')), { ...told, policies: 'sha256:ab', errors: ['c.yaml:1:1: broken'] })
  const unknown = rendered('json', { ...REPORT, edgeNat: 'unknown' })
  t.match(JSON.parse(unknown), { edgeNat: null })
  t.end()
})

void test('the SARIF of a check has a result a finding and open ones for what was not checked', t => {
  const sarif: unknown = JSON.parse(rendered('sarif'))
  t.match(sarif, {
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'poolguard',
            version: '1.2.3',
            rules: [
              {
                id: 'pool-overlap',
                shortDescription: { text: 'A pool shares no address.' },
                fullDescription: { text: 'MetalLB stops.' },
                help: { text: 'MetalLB stops.\nTake it out.\nRFC 1918\nhttps://metallb.io/configuration/' },
                helpUri: 'https://metallb.io/configuration/'
              }
            ]
          }
        },
        invocations: [
          {
            executionSuccessful: false,
            toolExecutionNotifications: [{ level: 'error', message: { text: 'c.yaml:1:1: broken' } }]
          }
        ]
      }
    ]
  })
  const results = resultsOf(sarif)
  t.same(
    results.map(({ ruleId, level, kind }) => [ruleId, level, kind]),
    [
      ['pool-overlap', 'error', undefined],
      ['pool-x', 'note', undefined],
      ['pool-y', 'none', 'open'],
      ['pool-z', 'none', 'open'],
      ['vpc', 'warning', undefined],
      ['pool-y', 'none', 'open'],
      ['invalid-document', 'error', undefined]
    ]
  )
  t.match(results[0], {
    ruleIndex: 0,
    message: { text: 'IPAddressPool kmetal-metallb/pool-b: shares <1> address [pool-overlap]' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'pools/b.yaml' },
          region: { startLine: 8, startColumn: 5 }
        },
        logicalLocations: [{ fullyQualifiedName: 'IPAddressPool kmetal-metallb/pool-b' }]
      }
    ]
  })
  t.match(results[4], { message: { text: 'Vpc acme: has {{braces}} and [a] (link) [vpc]' } })
  t.end()
})

void test('SARIF locations are URI references, and any text is fit for a report', t => {
  const uris = ['./a b/c#d?.yaml', '/abs/ü.yaml', '../x.yaml', 'SARIF_BUILDER_INVALID', 'a:b.yaml'].map(
    path => {
      const object = { ...DENIED, source: { ...DENIED.source, path } }
      const sarif: unknown = JSON.parse(rendered('sarif', { ...REPORT, objects: [object] }))
      const [location] = recordsAt(resultsOf(sarif)[0], 'locations')
      return JSON.stringify(location).match(/"uri":"([^"]*)"/)?.[1]
    }
  )
  t.same(uris, [
    'a%20b/c%23d%3F.yaml',
    'file:///abs/%C3%BC.yaml',
    '../x.yaml',
    'SARIF_BUILDER_INVALID',
    'a%3Ab.yaml'
  ])
  t.end()
})

void test('the JUnit XML of a check fails what is denied and skips what was not checked', t => {
  const xml = rendered('junit')
  t.match(xml, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites /)
  t.match(xml, 'name="pools/b.yaml"')
  t.match(xml, '<failure type="denied">shares &lt;1&gt; address [pool-overlap]</failure>')
  t.match(xml, '<testcase name="document at pools/a.yaml:3" classname="pools/a.yaml:3"><skipped>')
  t.match(xml, '<testcase name="Vpc acme" classname="pools/a.yaml:3"></testcase>', 'the one that passed')
  t.match(xml, '<error type="unreadable">c.yaml:1:1: broken</error>')
  t.equal(xml.match(/<skipped>/g)?.length, 2)
  t.equal(xml.match(/<failure /g)?.length, 1)
  t.match(xml, /<testsuites tests="6" errors="1" failures="1" skipped="2"/)
  t.end()
})

/** An object of a cluster, and a kind that could not be read there. */
const AUDIT: CheckReport = {
  ...REPORT,
  objects: [
    {
      ...DENIED,
      source: { path: 'IPAddressPool kmetal-metallb/pool-b', line: 0, column: 0 },
      findings: DENIED.findings.slice(0, 1).map(finding => ({ ...finding, line: 0, column: 0 })),
      more: 7,
      unchecked: [{ rule: 'pool-y', because: 'writer-unknown', needs: '' }]
    },
    {
      ...UNCHECKED,
      source: { path: 'Service', line: 0, column: 0 },
      ref: { kind: 'Service', namespace: '', name: '' }
    }
  ]
}

void test('an object of a cluster is named in the place of a path', t => {
  t.equal(
    rendered('text', AUDIT),
    [
      'IPAddressPool kmetal-metallb/pool-b: DENIED shares <1> address [pool-overlap]',
      'IPAddressPool kmetal-metallb/pool-b: and 7 more',
      'IPAddressPool kmetal-metallb/pool-b: UNCHECKED pool-y: depends on who wrote it, which nothing tells',
      'Service: UNCHECKED pool-y: not known which Service objects there are',
      '2 objects: 1 denied, 1 warned, 1 unchecked, 1 passed, 1 not judged',
      ''
    ].join('\n')
  )
  const results = resultsOf(JSON.parse(rendered('sarif', AUDIT)))
  const logicalLocations = [{ fullyQualifiedName: 'IPAddressPool kmetal-metallb/pool-b', kind: 'resource' }]
  t.same(results[0]?.['locations'], [{ logicalLocations }], 'no file')
  t.match(results[2], { message: { text: 'Service: pool-y: not known' } })
  const xml = rendered('junit', AUDIT)
  t.match(xml, /<testsuite [^>]*name="IPAddressPool">/, 'a suite a kind')
  t.match(xml, 'name="Service" classname="Service"><skipped>')
  t.match(xml, 'and 7 more')
  t.match(xml, 'name="poolguard check"')
  t.end()
})

const TESTS: TestReport = {
  suites: [
    {
      name: 'pools',
      path: 'tests/pools.yaml',
      cases: [
        { name: 'first', passed: true, line: 4, failures: [], durationMs: 12 },
        { name: 'second', passed: false, line: 9, failures: ['expected a & b, got <c>', 'and more'] }
      ]
    }
  ]
}

void test('test results as text, JSON and JUnit XML', t => {
  t.equal(
    renderTestReport(TESTS, 'text'),
    [
      'tests/pools.yaml:9: FAILED pools: second',
      '    expected a & b, got <c>',
      '    and more',
      '1 passed, 1 failed',
      ''
    ].join('\n')
  )
  t.match(renderTestReport(TESTS, 'text', true), '\u001b[31mFAILED\u001b[0m')
  t.equal(renderTestReport({ suites: [] }, 'text'), '0 passed, 0 failed\n')
  t.same(JSON.parse(renderTestReport(TESTS, 'json')), { summary: { passed: 1, failed: 1 }, ...TESTS })
  const xml = renderTestReport(TESTS, 'junit')
  t.match(xml, /<testsuites tests="2" errors="0" failures="1" skipped="0"/)
  t.match(xml, 'name="first" classname="tests/pools.yaml:4" time="0.012"')
  t.match(xml, '<failure type="failed">expected a &amp; b, got &lt;c&gt;</failure>')
  t.end()
})

function resultsOf(sarif: unknown): readonly Record<string, unknown>[] {
  return recordsAt(recordsAt(sarif, 'runs')[0], 'results')
}

function recordsAt(value: unknown, key: string): readonly Record<string, unknown>[] {
  const items = isRecord(value) ? value[key] : undefined
  return Array.isArray(items) ? items.filter(isRecord) : []
}

const COUNTS = { size: 101, used: 12, free: 88, unusable: 1 }
const CAPACITY: Capacity = {
  unknown: [],
  pools: [
    { pool: 'default-pool', ...COUNTS, usedPercent: 12.99, level: 'ok', families: [] },
    { pool: 'empty', size: 0, used: 0, free: 0, unusable: 0, usedPercent: null, level: null, families: [] },
    { pool: 'v6', ...COUNTS, size: 2 ** 64, usedPercent: 99, level: 'critical', families: [] }
  ],
  allocations: [
    {
      allocation: '10.20.0.0/24',
      purpose: 'edge\u001b[31m',
      announcement: 'bgp',
      ...COUNTS,
      pooled: 101,
      unpooled: 155
    }
  ]
}

void test('capacityText() is two tables, and nothing when there is nothing to tell', t => {
  t.equal(
    capacityText(CAPACITY),
    `POOL          SIZE      USED  FREE  UNUSABLE  FULL  LEVEL
default-pool  101       12    88    1         12%   ok
empty         0         0     0     0         -     -
v6            1.84e+19  12    88    1         99%   critical

ALLOCATION    SIZE  USED  FREE  UNUSABLE  UNPOOLED  BY   PURPOSE
10.20.0.0/24  101   12    88    1         155       bgp  edge\\u{1b}[31m
`
  )
  t.equal(capacityText({ unknown: ['Service'], pools: [], allocations: [] }), '')
  t.end()
})

void test('capacityText() says what nobody knows, and why', t => {
  const nothing = { used: null, free: null, unusable: null }
  const unknown = {
    unknown: ['Service', 'IPAddressPool'] as const,
    pools: CAPACITY.pools.map(pool => ({ ...pool, ...nothing, usedPercent: null, level: null })),
    allocations: CAPACITY.allocations.map(of => ({ ...of, ...nothing, pooled: null, unpooled: null }))
  }
  t.equal(
    capacityText(unknown),
    `POOL          SIZE      USED  FREE  UNUSABLE  FULL  LEVEL
default-pool  101       ?     ?     ?         ?     ?
empty         0         ?     ?     ?         -     -
v6            1.84e+19  ?     ?     ?         ?     ?

ALLOCATION    SIZE  USED  FREE  UNUSABLE  UNPOOLED  BY   PURPOSE
10.20.0.0/24  101   ?     ?     ?         ?         bgp  edge\\u{1b}[31m
?: not known which Service and IPAddressPool objects there are
`
  )
  t.end()
})

void test('a check tells of capacity in JSON always, in text when asked, before the numbers', t => {
  const report = { ...REPORT, capacity: CAPACITY }
  t.match(JSON.parse(rendered('json', report)), { capacity: JSON.parse(JSON.stringify(CAPACITY)) as object })
  t.notMatch(rendered('text', report), 'POOL ')
  const asked = renderCheckReport(report, {
    command: 'audit',
    format: 'text',
    colour: false,
    errors: [],
    showsCapacity: true,
    tool: { version: '1.2.3', rules: [] },
    policies: 'sha256:ab'
  })
  t.ok(
    asked.endsWith(
      ` which Service objects there are\n\n${capacityText(CAPACITY)}\n${checkSummary(report)}\n`
    ),
    asked
  )
  t.end()
})
