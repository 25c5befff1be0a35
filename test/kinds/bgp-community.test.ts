import { test } from 'tap'
import { communityForm } from '../../src/kinds/bgp-community.ts'

void test("communityForm() tells MetalLB's two forms", t => {
  const forms: Readonly<Record<string, ReturnType<typeof communityForm>>> = {
    '0:0': 'legacy',
    '65535:65535': 'legacy',
    '064512:01': 'legacy',
    'large:0:0:0': 'large',
    'large:4294967295:4294967295:4294967295': 'large',
    '65536:0': undefined,
    '0:65536': undefined,
    'large:4294967296:0:0': undefined,
    'larg:1:2:3': undefined,
    'Large:1:2:3': undefined,
    '1:2:3:4': undefined,
    'large:1:2': undefined,
    'large:1:2:3:4': undefined,
    '1:2:3': undefined,
    '1234': undefined,
    '1:': undefined,
    ':1': undefined,
    '+1:1': undefined,
    '1_0:1': undefined,
    '0x1:1': undefined,
    ' 1:1': undefined,
    '': undefined
  }
  for (const [text, form] of Object.entries(forms)) t.equal(communityForm(text), form, text)
  t.end()
})
