import { test } from 'tap'
import { OBJECTS, PAIRS } from './compatibility.ts'
import { verdictOf } from './judging.ts'

await test("expressions of Kubernetes' documentation are what they are there", async t => {
  t.ok(PAIRS.length >= 60, `${PAIRS.length} pairs`)
  for (const { on, expression, is } of PAIRS) {
    t.equal(await verdictOf(expression, OBJECTS[on]), is, `${on}: ${expression}`)
  }
})
