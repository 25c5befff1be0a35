import { test } from 'tap'
import { parseGoDuration } from '../../src/kinds/go-duration.ts'

void test('parseGoDuration() reads what time.ParseDuration reads, and nothing else', t => {
  const read: Readonly<Record<string, number>> = {
    '0': 0,
    '+0': 0,
    '0s': 0,
    '90s': 90e9,
    '1m30s': 90e9,
    '1h1m1s': 3661e9,
    '-1.5h': -5400e9,
    '+5s': 5e9,
    '.5s': 5e8,
    '1.s': 1e9,
    '2.9s': 2.9e9,
    '900ms': 9e8,
    '1us': 1e3,
    '1µs': 1e3,
    '1μs': 1e3,
    '7ns': 7,
    '1.5ns': 1,
    '2562047h': 2562047 * 3600e9
  }
  for (const [text, nanoseconds] of Object.entries(read)) t.equal(parseGoDuration(text), nanoseconds, text)
  const unread = [
    '',
    '-',
    '90',
    '1',
    's',
    '.s',
    '1d',
    '1 s',
    ' 1s',
    '1s ',
    '1h1',
    '1,5s',
    '1S',
    '--1s',
    '2562048h'
  ]
  for (const text of unread) t.equal(parseGoDuration(text), undefined, text)
  t.equal(parseGoDuration('1s'.repeat(100_000)), undefined, 'nobody writes one as long')
  t.end()
})
