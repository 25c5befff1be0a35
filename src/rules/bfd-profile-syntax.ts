import { BFD_NUMBERS, type BFDNumber, type BFDProfile } from '../kinds/bfd-profile.ts'
import { echoingPeers, echoOverIPv6 } from './bfd-echo.ts'
import type { Finding } from './finding.ts'
import type { CheckContext } from './rule.ts'

/** The smallest and the largest number that MetalLB takes (bfdProfileFromCR); intervals are milliseconds. */
const LIMITS: Readonly<Record<BFDNumber, readonly [number, number]>> = {
  detectMultiplier: [2, 255],
  receiveInterval: [10, 60_000],
  transmitInterval: [10, 60_000],
  minimumTtl: [1, 254],
  echoInterval: [10, 60_000]
}

/** What MetalLB refuses of a BFDProfile: numbers out of range, any at all in native mode, echo where IPv6 is announced. */
export function bfdProfileFindings(object: BFDProfile, { plan, view }: CheckContext): Finding[] {
  const numbers = BFD_NUMBERS.flatMap((name): Finding[] => {
    const number = object.numbers.get(name)
    const [least, most] = LIMITS[name]
    if (number === undefined || (number >= least && number <= most)) return []
    return [{ code: 'bfd-number', field: `spec.${name}`, value: String(number), least, most, restsOn: [] }]
  })
  const { namespace, name } = object.meta
  if (namespace !== plan.metallb.namespace) return numbers
  const isNative = plan.metallb.bgpType === 'native'
  const native: Finding = { code: 'bfd-in-native-mode', field: 'metadata.name', value: name, restsOn: [] }
  const peers = echoingPeers(object.echoMode ? [object] : [], view, namespace)
  return [...numbers, ...(isNative ? [native] : []), ...echoOverIPv6(object, peers, view)]
}
