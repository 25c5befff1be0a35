/** What an expression is on an object: `invalid` is refused before there is an object. */
export type Verdict = 'true' | 'false' | 'error' | 'invalid'

export interface Pair {
  readonly on: keyof typeof OBJECTS
  readonly expression: string
  /** Here; and on the API server, unless `kubernetes` says otherwise. */
  readonly is: Verdict
  /** The API server's verdict where it is another; each is argued in docs/custom-rules.md. */
  readonly kubernetes?: Verdict
}

/** Objects as they are written. `web` and `bare` are Services, `pool` is an IPAddressPool. */
export const OBJECTS = {
  web: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'default',
      labels: { app: 'web', 'example.com/tier': 'gold' },
      annotations: {
        'metallb.io/loadBalancerIPs': '192.168.1.10,fd00::10',
        note: 'Größe',
        big: '9'.repeat(30)
      }
    },
    spec: {
      type: 'LoadBalancer',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
        { name: 'https', port: 443, protocol: 'TCP', targetPort: 'tls' }
      ],
      externalIPs: ['203.0.113.7', '198.51.100.9'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      selector: { app: 'web', tier: 'gold' }
    }
  },
  bare: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'bare', namespace: 'default' },
    spec: { ports: [{ port: 8080, protocol: 'TCP', targetPort: 8080 }] }
  },
  pool: {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'lab', namespace: 'default', labels: { constructor: 'x' } },
    spec: { addresses: ['192.168.1.100-192.168.1.150', '10.9.0.0/24', 'fd00:1::/120'], autoAssign: false }
  }
} as const

const web = (expression: string, is: Verdict, kubernetes?: Verdict): Pair =>
  pair('web', expression, is, kubernetes)
const bare = (expression: string, is: Verdict, kubernetes?: Verdict): Pair =>
  pair('bare', expression, is, kubernetes)
const pool = (expression: string, is: Verdict, kubernetes?: Verdict): Pair =>
  pair('pool', expression, is, kubernetes)

function pair(on: Pair['on'], expression: string, is: Verdict, kubernetes?: Verdict): Pair {
  return kubernetes === undefined ? { on, expression, is } : { on, expression, is, kubernetes }
}

/** Kubernetes' documented examples, turned to Services and IPAddressPools, and what is next to each of them. */
export const PAIRS: readonly Pair[] = [
  // Fields, and those that are not there.
  web('object.spec.type == "LoadBalancer"', 'true'),
  web('object.spec.type != "LoadBalancer"', 'false'),
  web('object.metadata.name == "web"', 'true'),
  web('object.metadata.name.startsWith(object.metadata.labels["app"])', 'true'),
  bare('object.metadata.labels["app"] == "web"', 'error'),
  bare('object.spec.externalIPs.size() == 0', 'error'),
  bare('object.spec.nope', 'invalid'),
  bare('object.spec.nope == 1', 'error'),
  bare('has(object.spec.externalIPs)', 'false'),
  bare('has(object.spec.selector.app)', 'error'),
  web('has(object.spec.selector.app)', 'true'),
  web(
    '!has(object.spec.externalIPs) || object.spec.externalIPs.all(ip, ip.startsWith("203.0.113."))',
    'false'
  ),
  bare(
    '!has(object.spec.externalIPs) || object.spec.externalIPs.all(ip, ip.startsWith("203.0.113."))',
    'true'
  ),
  web('"app" in object.metadata.labels', 'true'),
  web('"nope" in object.metadata.labels', 'false'),
  web('"app" in object.metadata.labels && object.metadata.labels["app"] in ["web", "shop"]', 'true'),
  web('object.metadata.labels["example.com/tier"] == "gold"', 'true'),
  pool('object.metadata.labels.constructor == "x"', 'true'),
  pool('has(object.metadata.labels.toString)', 'false'),
  web('object["spec"]["type"] == "LoadBalancer"', 'true'),
  web('object.kind == "Service" && object.apiVersion == "v1"', 'true'),
  // What an error does to && and ||.
  bare('object.spec.nope == 1 || true', 'true'),
  bare('true || object.spec.nope == 1', 'true'),
  bare('object.spec.nope == 1 && false', 'false'),
  bare('object.spec.nope == 1 || false', 'error'),
  bare('object.spec.nope == 1 ? true : false', 'error'),
  // Macros.
  web('object.spec.ports.exists(p, p.port == 80)', 'true'),
  web('object.spec.ports.all(p, p.port < 1024)', 'true'),
  bare('object.spec.ports.all(p, p.port < 1024)', 'false'),
  web('object.spec.ports.exists_one(p, p.port == 80)', 'true'),
  web('object.spec.ports.filter(p, p.port > 100).size() == 1', 'true'),
  web('object.spec.ports.map(p, p.port) == [80, 443]', 'true'),
  web('object.spec.ports.map(p, p.port > 100, p.name) == ["https"]', 'true'),
  web('object.metadata.labels.all(k, k.contains("p") || k.contains("tier"))', 'true'),
  web('object.spec.ports.exists(p, p.nope == 1)', 'error'),
  web('object.spec.ports.exists(p, p.nope == 1 || p.port == 443)', 'true'),
  web('object.spec.ports.all(p, object.spec.ports.exists(q, q.port == p.port))', 'true'),
  web('object.spec.type.all(c, true)', 'error'),
  // Numbers: whole ones are int.
  web('object.spec.ports[0].port + 1 == 81', 'true'),
  web('object.spec.ports[0].port % 2 == 0', 'true'),
  web('object.spec.ports[0].port / 3 == 26', 'true'),
  web('object.spec.ports[0].port * 1.5 == 120.0', 'error'),
  web('object.spec.ports[0].port == 80.0', 'true'),
  web('object.spec.ports[0].port > 79.5', 'true'),
  web('double(object.spec.ports[0].port) * 1.5 == 120.0', 'true'),
  web('object.spec.ports[0].targetPort == 8080 && object.spec.ports[1].targetPort == "tls"', 'true'),
  web('object.spec.ports[0].port / 0 == 1', 'error'),
  web('object.spec.ports[0].port == "80"', 'false'),
  web('string(object.spec.ports[0].port) == "80"', 'true'),
  web('int("80") == object.spec.ports[0].port', 'true'),
  web('int(object.metadata.annotations["big"]) > 0', 'error'),
  web('9223372036854775807 + 1 > 0', 'error'),
  web('object.spec.ports[7].port == 1', 'error'),
  web('-object.spec.ports[0].port == -80', 'true'),
  web('1 == "a"', 'invalid'),
  // Text.
  web('object.metadata.annotations["metallb.io/loadBalancerIPs"].split(",").size() == 2', 'true'),
  web('object.metadata.annotations["note"].size() == 5', 'true'),
  web('object.metadata.annotations["note"].lowerAscii() == "größe"', 'true'),
  web('object.metadata.annotations["note"].upperAscii() == "GRößE"', 'true'),
  web('object.metadata.annotations["note"].charAt(2) == "ö"', 'true'),
  web('object.metadata.annotations["note"].substring(1, 4) == "röß"', 'true'),
  web('object.metadata.name.charAt(3) == ""', 'true'),
  web('object.metadata.name.charAt(4) == ""', 'error'),
  web('object.metadata.name.replace("w", "W") == "Web"', 'true'),
  web('object.metadata.name.indexOf("b") == 2 && object.metadata.name.lastIndexOf("x") == -1', 'true'),
  web('object.metadata.name.substring(1, 9) == "eb"', 'error'),
  web('["a", "b"].join("-") == "a-b"', 'true'),
  web('"  a ".trim() == "a"', 'true'),
  web('object.metadata.name.matches("^[a-z]+$")', 'true'),
  web('object.metadata.name.matches("^(w|we)b$")', 'true'),
  web('object.metadata.name.matches("[")', 'invalid'),
  web('object.metadata.name.matches(object.spec.type)', 'invalid', 'false'),
  web('object.metadata.name + "-lb" == "web-lb"', 'true'),
  web('object.metadata.name + 1 == "web1"', 'invalid'),
  web('object.metadata.name < "x"', 'true'),
  // Addresses.
  web('object.spec.externalIPs.all(ip, isIP(ip))', 'true'),
  web('object.spec.externalIPs.exists(a, cidr("203.0.113.0/24").containsIP(a))', 'true'),
  web('object.spec.externalIPs.all(a, cidr("203.0.113.0/24").containsIP(ip(a)))', 'false'),
  web('ip(object.spec.externalIPs[0]).family() == 4', 'true'),
  web('ip(object.metadata.name).family() == 4', 'error'),
  web('ip("127.0.0.1").isLoopback() && ip("::1").isLoopback()', 'true'),
  web('ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified()', 'true'),
  web('ip("169.254.1.1").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast()', 'true'),
  web('ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast()', 'true'),
  web('ip("192.168.0.1").isGlobalUnicast() && !ip("255.255.255.255").isGlobalUnicast()', 'true'),
  web('ip("2001:db8::1") == ip("2001:DB8:0::1")', 'true'),
  web('string(ip("2001:DB8:0::1")) == "2001:db8::1"', 'true'),
  web('ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")', 'true'),
  web(
    'isIP("::ffff:10.0.0.1") || isIP("fe80::1%eth0") || isIP("010.0.0.1") || isIP("10.0.1") || isIP("")',
    'false'
  ),
  web('ip("::ffff:10.0.0.1").family() == 4', 'error'),
  web(
    'isCIDR("10.0.0.1/8") && !isCIDR("10.0.0.0/33") && !isCIDR("10.0.0.0") && !isCIDR("10.0.0.0/08")',
    'true'
  ),
  web(
    'cidr("10.0.0.1/8").ip() == ip("10.0.0.1") && cidr("10.0.0.1/8").masked() == cidr("10.0.0.0/8")',
    'true'
  ),
  web('cidr("10.0.0.0/8").prefixLength() == 8 && string(cidr("fd00::/64")) == "fd00::/64"', 'true'),
  web('cidr(object.spec.loadBalancerSourceRanges[0]).containsCIDR("10.1.0.0/16")', 'true'),
  web('cidr("10.1.0.0/16").containsCIDR(cidr("10.0.0.0/8"))', 'false'),
  web('cidr("10.0.0.0/8").containsIP("fd00::1")', 'false'),
  web('cidr("10.0.0.0/8").containsIP("nope")', 'error'),
  pool('object.spec.addresses.exists(a, isCIDR(a) && cidr(a).containsIP("10.9.0.7"))', 'true'),
  pool('object.spec.addresses.all(a, isCIDR(a))', 'false'),
  pool('object.spec.addresses.all(a, a.split("-").all(part, isIP(part) || isCIDR(part)))', 'true'),
  pool('object.spec.addresses.filter(a, isCIDR(a)).all(a, cidr(a).prefixLength() >= 24)', 'true'),
  pool('object.spec.autoAssign == false', 'true'),
  pool('object.spec.autoAssign', 'invalid'),
  pool('!object.spec.autoAssign', 'true'),
  pool('object.spec.addresses.size() <= 3 && size(object.spec.addresses) == 3', 'true'),
  // Optional fields.
  bare('object.?metadata.?labels.?app.orValue("none") == "none"', 'true'),
  web('object.?metadata.?labels[?"example.com/tier"].orValue("none") == "gold"', 'true'),
  bare('object.spec.?externalIPs.orValue([]).size() == 0', 'true'),
  bare('object.spec.?externalIPs.hasValue()', 'false'),
  bare('object.spec.?externalIPs[?0].orValue("x") == "x"', 'true'),
  bare('object.spec.?nope.orValue(true)', 'invalid'),
  bare('object.spec.?nope == optional.none()', 'true'),
  web('object.spec.?type == optional.of("LoadBalancer")', 'true'),
  bare('object.spec.?nope.value() == 1', 'error'),
  // Equality.
  web('object.spec.selector == {"app": "web"}', 'false'),
  web('{"app": "web"} == object.spec.selector', 'false'),
  web('object.spec.selector == {"tier": "gold", "app": "web"}', 'true'),
  web('object.spec.externalIPs == ["203.0.113.7"]', 'false'),
  web('object.spec == object.spec', 'true'),
  web('object.spec.type == null', 'false'),
  // What else an admission policy sees.
  web('oldObject == null', 'true'),
  web('oldObject.metadata.name == "x"', 'error'),
  web('request.operation == "CREATE" && request.resource.resource == "services"', 'true'),
  web('request.kind.kind == "Service" && request.kind.group == ""', 'true'),
  web('request.userInfo.username == "admin"', 'true'),
  web('"system:masters" in request.userInfo.groups', 'true'),
  web('request.namespace == "default" && request.name == "web"', 'true'),
  web('request.dryRun', 'invalid', 'true'),
  web('request.dryRun == true', 'true'),
  web('request.nope == 1', 'invalid'),
  web('has(request.userInfo.nope)', 'invalid'),
  web('namespaceObject.metadata.name == "default"', 'true'),
  web('namespaceObject.metadata.labels["kubernetes.io/metadata.name"] == "default"', 'true'),
  web('has(namespaceObject.metadata.annotations)', 'false'),
  web('nope == 1', 'invalid'),
  web('object.metadata.name.nope()', 'invalid'),
  web('nope(object)', 'invalid'),
  web('cel.bind(n, object.metadata.name, n == "web" || n == "shop")', 'invalid')
]
