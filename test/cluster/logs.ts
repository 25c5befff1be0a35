/**
 * What a controller complains about, each complaint once, with what differs from run to run taken out: times, process
 * ids, addresses, generated names. Two runs can then be compared. Understands klog (Kube-OVN) and MetalLB's JSON lines.
 */
export function complaints(log: string): ReadonlySet<string> {
  const lines = log.split('\n').filter(line => isKlogError(line) || isJsonError(line))
  return new Set(lines.map(withoutVariables))
}

/** klog: a letter for the severity, then MMDD hh:mm:ss.uuuuuu, the process id and the source line. */
function isKlogError(line: string): boolean {
  return /^[EF]\d{4} /.test(line)
}

function isJsonError(line: string): boolean {
  return line.startsWith('{') && /"level":"(error|dpanic|panic|fatal)"/.test(line)
}

function withoutVariables(line: string): string {
  return line
    .replace(/^[EF]\d{4} \S+ +\d+ /, '')
    .replaceAll(/"ts":("[^"]*"|[\d.]+)/g, '"ts":')
    .replaceAll(/\b\d+\.\d+\.\d+\.\d+(:\d+)?\b/g, 'ADDRESS')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/0x[0-9a-f]+/g, 'POINTER')
}
