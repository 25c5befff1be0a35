import { test } from 'tap'
import { decodeObject, grows } from '../../src/kinds/index.ts'
import { loadBalancerAsk, type Service } from '../../src/kinds/service.ts'

interface Written {
  readonly annotations?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly loadBalancerIP?: string
}

function service({ annotations = {}, labels = {}, loadBalancerIP = '' }: Written = {}): Service {
  const metadata = { name: 'web', namespace: 'acme-web', annotations, labels }
  const decoded = decodeObject('Service', { metadata, spec: { type: 'LoadBalancer', loadBalancerIP } })
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.errors))
  return decoded.object
}

function asked(written: Written): readonly string[] | undefined {
  return loadBalancerAsk(service(written), '')?.addresses.map(({ text }) => text)
}

/** Every character that Go's unicode.IsSpace holds for (unicode/graphic.go and White_Space of PropList.txt). */
const GO_SPACES = Array.from(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
    '\u2028\u2029\u202f\u205f\u3000'
)

void test('loadBalancerAsk() takes off the blanks that MetalLB takes off, and no others', t => {
  for (let code = 0; code <= 0xffff; code++) {
    const blank = String.fromCharCode(code)
    const [text] = asked({ annotations: { 'metallb.io/loadBalancerIPs': `${blank}10.0.0.1${blank}` } }) ?? []
    const expected = GO_SPACES.includes(blank) ? '10.0.0.1' : `${blank}10.0.0.1${blank}`
    if (code !== 0x2c && text !== expected) t.fail(`U+${code.toString(16)}: ${JSON.stringify(text)}`)
  }
  const listed = { annotations: { 'metallb.io/loadBalancerIPs': '\u0085 10.0.0.1\u0085,\u0085, fd00::1\t' } }
  t.strictSame(asked(listed), ['10.0.0.1', '', 'fd00::1'], 'each part')
  t.equal(GO_SPACES.length, 25)
  t.strictSame(asked({ loadBalancerIP: ' 10.0.0.1' }), [' 10.0.0.1'], 'the field is read as it stands')
  t.end()
})

void test('loadBalancerAsk() reads a long run of blanks in time', t => {
  const inner = `x${' '.repeat(250_000)}x`
  const started = performance.now()
  t.strictSame(asked({ annotations: { 'metallb.io/loadBalancerIPs': ` ${inner} ` } }), [inner])
  t.ok(performance.now() - started < 2000, 'under 2 s for 250 kB')
  t.end()
})

void test('grows() of a Service goes by what MetalLB and its pools read', t => {
  const before = service({ annotations: { a: 'b' }, labels: { tier: 'web' } })
  const differs = (written: Written) =>
    grows('Service', before, service({ labels: { tier: 'web' }, ...written }))
  t.equal(differs({ annotations: { a: 'c' } }), false, 'an annotation of somebody else')
  for (const prefix of ['metallb.io', 'metallb.universe.tf']) {
    const noted = { [`${prefix}/ip-allocated-from-pool`]: 'platform-pool' }
    t.equal(differs({ annotations: noted }), false, `${prefix}: what MetalLB notes`)
    for (const name of ['address-pool', 'loadBalancerIPs', 'allow-shared-ip']) {
      t.equal(differs({ annotations: { [`${prefix}/${name}`]: 'x' } }), true, `${prefix}/${name}`)
    }
  }
  t.equal(differs({ labels: { tier: 'web', app: 'db' } }), true, 'a label more')
  t.equal(differs({ labels: { tier: 'db' } }), true, 'another label')
  t.equal(differs({ labels: {} }), true, 'a label less: selectors may ask for its absence')
  t.end()
})
