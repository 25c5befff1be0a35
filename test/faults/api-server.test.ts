import { test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bookmark,
  openWatch,
  resourceList,
  sendEvent,
  sendJson,
  sendList,
  sendStatus,
  until,
  type Call
} from '../cluster-client/fake-api-server.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { isAllowed } from './promises.ts'
import { GROWS_BADLY, GROWS_WELL, pool, STORED } from './reviews.ts'
import { lastPart, row, type World } from './world.ts'

const isPools = (call: Call): boolean => lastPart(call) === 'ipaddresspools'

/** The status and the message of a refusal. */
function refusal(body: string): unknown {
  const json: unknown = JSON.parse(body)
  return json
}

async function allows(world: World, body: string): Promise<boolean> {
  return isAllowed((await world.ask(body)).body)
}

/** A pool in the way of what was free before. */
const LATER = pool('later', ['192.168.1.230-192.168.1.231'], { resourceVersion: '150' })

// What scripts change while a row runs; each is one row's.
let restart: () => Promise<unknown> = async () => {}
let renewed = false
let relisting = false
let refusing = 0
let watched: Call | undefined
let isInstalled = false
let isDeleted = false

const SERVED = Object.values(KINDS).map(({ resource }) => resource)

await test(
  'row 01: the API server is away, and what was read counts for a while',
  row({
    timings: { staleMs: 1_500 },
    async inject(t, world) {
      const { port } = world.fake
      await world.fake.close()
      await until(() => world.state('IPAddressPool') === 'failing', 'the watch breaks')
      t.ok(await allows(world, GROWS_WELL), 'decisions go on from what was read')
      await until(() => world.state('IPAddressPool') === 'stale', 'two minutes, so to say')
      t.match(refusal((await world.ask(GROWS_WELL)).body), {
        response: { allowed: false, status: { code: 503, message: /IPAddressPool/ } }
      })
      const readiness = await world.ready('/readyz?verbose')
      t.match(readiness, {
        status: 200,
        body: /\[\+\]inventory\/IPAddressPool stale, 3 objects, heard \d+ s ago/
      })
      world.stored.set('ipaddresspools', [...STORED, LATER])
      restart = () => world.fake.listen(port)
    },
    async recover(t, world) {
      await restart()
      await until(() => world.state('IPAddressPool') === 'synced', 'the watch is back')
      await until(() => world.inventory.count('IPAddressPool') === 4, 'and what came meanwhile')
      t.notOk(await allows(world, GROWS_WELL))
    }
  })
)

await test(
  'row 02: a watch that the server closes is resumed without a list and without a gap',
  row({
    script: {
      watch(call) {
        openWatch(call)
        if (!isPools(call) || call.query.get('resourceVersion') === '150') return
        sendEvent(call, 'ADDED', LATER)
        setTimeout(() => call.response.end(), 20)
      }
    },
    async inject(t, world) {
      await until(() => world.fake.of('watch').filter(isPools).length === 2, 'a second watch')
      t.equal(world.fake.of('list').filter(isPools).length, 1)
      world.stored.set('ipaddresspools', [...STORED, LATER])
      t.notOk(await allows(world, GROWS_WELL), 'the event before the end counts')
    }
  })
)

for (const [name, expire] of Object.entries({
  'as a status': (call: Call) => sendStatus(call, 410, 'Expired'),
  'inside of the stream': (call: Call) => {
    openWatch(call)
    sendEvent(call, 'ERROR', { kind: 'Status', code: 410, message: 'too old' })
  }
})) {
  await test(
    `row 03: 410 Gone ${name} is a list, and nobody is unready`,
    row({
      script: {
        watch: call => (isPools(call) && call.nth < 20 && !renewed ? expire(call) : openWatch(call)),
        list(call) {
          if (isPools(call) && call.nth > 9) renewed = true
          sendList(call, isPools(call) ? [...STORED, ...(renewed ? [LATER] : [])] : [], renewed ? 200 : 100)
        }
      },
      async inject(t, world) {
        await until(() => world.inventory.count('IPAddressPool') === 4, 'the second list')
        t.equal((await world.ready()).status, 200)
        world.stored.set('ipaddresspools', [...STORED, LATER])
        t.notOk(await allows(world, GROWS_WELL))
        renewed = false
      }
    })
  )
}

await test(
  'row 04: a connection that says nothing more is replaced',
  row({
    timings: { idleMs: 100 },
    script: {
      watch(call) {
        openWatch(call)
        if (isPools(call) && call.query.get('resourceVersion') === '100')
          sendEvent(call, 'BOOKMARK', bookmark(120))
        else if (isPools(call)) sendEvent(call, 'ADDED', LATER)
      }
    },
    async inject(t, world) {
      await until(() => world.inventory.count('IPAddressPool') === 4, 'the watch behind the silent one')
      t.equal(world.fake.of('watch').filter(isPools)[1]?.query.get('resourceVersion'), '120')
      t.equal(world.fake.of('list').filter(isPools).length, 1)
    }
  })
)

for (const [name, garbage] of [
  ['a line that is no JSON', '<html>\n'],
  ['a line that is cut off', '{"type":"ADDED","object":{"met']
] as const) {
  await test(
    `row 05: after ${name} the watch goes on from where it was, counted`,
    row({
      script: {
        watch(call) {
          openWatch(call)
          if (!isPools(call)) return
          if (call.query.get('resourceVersion') === '100') {
            sendEvent(call, 'BOOKMARK', bookmark(120))
            call.response.end(garbage)
          } else sendEvent(call, 'ADDED', LATER)
        }
      },
      async inject(t, world) {
        await until(() => world.inventory.count('IPAddressPool') === 4, 'the event after the fault')
        t.equal(world.fake.of('watch').filter(isPools)[1]?.query.get('resourceVersion'), '120')
        t.equal(world.watcher.status().find(({ kind }) => kind === 'IPAddressPool')?.garbageLines, 1)
        t.equal(world.fake.of('list').filter(isPools).length, 1, 'nothing was skipped over')
      }
    })
  )
}

await test(
  'row 06: a list that breaks off between two pages changes nothing until it is complete',
  row({
    timings: { pageSize: 2, backoff: { minMs: 100, maxMs: 200 } },
    script: {
      list(call) {
        if (!isPools(call)) return sendList(call, [], 100)
        const isSecondPage = call.query.has('continue')
        if (!relisting) return sendList(call, STORED, 100)
        if (!isSecondPage) return sendList(call, [LATER], 200, 'next')
        return sendStatus(call, 410, 'Expired')
      },
      watch(call) {
        if (isPools(call)) {
          relisting = true
          sendStatus(call, 410, 'Expired')
        } else openWatch(call)
      }
    },
    async inject(t, world) {
      await until(
        () => world.fake.of('list').filter(({ query }) => query.has('continue')).length >= 2,
        'lists break off'
      )
      t.equal(world.inventory.count('IPAddressPool'), 3, 'the old snapshot stays whole')
      t.equal((await world.ready()).status, 200)
    }
  })
)

await test(
  'row 07: events out of order, twice and stale change nothing back',
  row({
    script: {
      watch(call) {
        openWatch(call)
        if (!isPools(call) || call.query.get('resourceVersion') !== '100') return
        const grown = pool('default-pool', ['192.168.1.100-192.168.1.209'], { resourceVersion: '140' })
        const older = pool('default-pool', ['192.168.1.100-192.168.1.149'], { resourceVersion: '130' })
        for (const object of [grown, older, grown]) sendEvent(call, 'MODIFIED', object)
        sendEvent(call, 'DELETED', older)
        sendEvent(call, 'ADDED', LATER)
      }
    },
    async inject(t, world) {
      world.stored.set('ipaddresspools', [
        pool('default-pool', ['192.168.1.100-192.168.1.209'], { resourceVersion: '140' })
      ])
      await until(() => world.inventory.count('IPAddressPool') === 4, 'the last event')
      t.match(world.inventory.get('IPAddressPool', 'kmetal-metallb', 'default-pool'), {
        addresses: ['192.168.1.100-192.168.1.209']
      })
    }
  })
)

await test(
  'row 08: 401 changes nothing, and 403 closes what needs the kind and nothing else',
  row({
    script: {
      watch(call) {
        const isRefused = isPools(call) && refusing > 0
        if (isRefused) sendStatus(call, refusing, 'Refused')
        else openWatch(call)
        if (!isRefused && isPools(call)) watched = call
      },
      list(call) {
        if (isPools(call) && refusing > 0) sendStatus(call, refusing, 'Refused')
        else sendList(call, isPools(call) ? STORED : [], 100)
      }
    },
    async inject(t, world) {
      await until(() => watched !== undefined, 'the watch')
      refusing = 401
      watched?.response.end()
      await until(() => world.state('IPAddressPool') === 'failing', '401')
      t.ok(await allows(world, GROWS_WELL), 'a token that was rotated closes nothing')
      refusing = 403
      await until(() => world.state('IPAddressPool') === 'forbidden', '403')
      t.match(refusal((await world.ask(GROWS_WELL)).body), {
        response: { status: { code: 503, message: /IPAddressPool/ } }
      })
      t.ok(world.inventory.known('Service'), 'other kinds are as they were')
      t.match(await world.ready('/readyz?verbose'), { status: 200, body: /IPAddressPool forbidden/ })
    },
    async recover(t, world) {
      refusing = 0
      await until(() => world.state('IPAddressPool') === 'synced', 'allowed again')
      t.ok(await allows(world, GROWS_WELL))
    }
  })
)

await test(
  'row 09: 429 makes watches wait as long as they are asked to, and no decision',
  row({
    script: {
      watch: call =>
        isPools(call)
          ? sendJson(call, 429, { kind: 'Status', code: 429 }, { 'retry-after': '1' })
          : openWatch(call)
    },
    async inject(t, world) {
      await until(() => world.fake.of('watch').some(isPools), 'a watch is turned away')
      const before = world.fake.of('watch').filter(isPools).length
      await sleep(600)
      t.equal(world.fake.of('watch').filter(isPools).length, before, 'the second is waited for')
      t.ok(await allows(world, GROWS_WELL))
    }
  })
)

await test(
  'row 11: a kind whose CRD is not installed counts as empty',
  row({
    script: {
      discovery: call =>
        call.path.includes('kubeovn')
          ? call.response.writeHead(404).end('404 page not found')
          : sendJson(call, 200, resourceList(SERVED))
    },
    async inject(t, world) {
      t.equal(world.state('Subnet'), 'absent')
      t.match(await world.ready('/readyz?verbose'), {
        status: 200,
        body: /inventory\/Subnet absent, 0 objects/
      })
      t.ok(await allows(world, GROWS_WELL))
      await until(
        () => world.fake.of('discovery').filter(({ path }) => path.includes('kubeovn')).length > 4,
        'it is looked for again'
      )
    }
  })
)

await test(
  'row 12: a CRD that appears is watched without a restart, and closes nothing until it is read',
  row({
    script: {
      discovery: call =>
        sendJson(call, 200, resourceList(isInstalled ? SERVED : SERVED.filter(name => name !== 'subnets')))
    },
    async inject(t, world) {
      t.equal(world.state('Subnet'), 'absent')
      const spec = { cidrBlock: '192.168.1.232/30', vlan: 'v', protocol: 'IPv4' }
      world.stored.set('subnets', [{ metadata: { name: 'external', resourceVersion: '5' }, spec }])
      t.ok(await allows(world, GROWS_WELL))
      isInstalled = true
      await until(() => world.state('Subnet') === 'synced', 'the new kind')
      t.notOk(await allows(world, GROWS_WELL), 'its objects count at once')
    }
  })
)

await test(
  'row 13: a CRD that is deleted empties the kind after it was looked for twice',
  row({
    script: {
      discovery: call =>
        sendJson(call, 200, resourceList(isDeleted ? SERVED.filter(name => name !== 'ovn-eips') : SERVED)),
      watch(call) {
        if (lastPart(call) !== 'ovn-eips') return openWatch(call)
        if (isDeleted) return call.response.writeHead(404).end('404 page not found')
        openWatch(call)
        setTimeout(() => {
          isDeleted = true
          call.response.end()
        }, 50)
        return undefined
      }
    },
    async inject(t, world) {
      await until(() => world.state('OvnEip') === 'absent', 'absent')
      t.equal(world.fake.of('list').filter(call => lastPart(call) === 'ovn-eips').length, 1)
      t.ok(world.inventory.known('OvnEip'))
      t.ok(await allows(world, GROWS_WELL))
    }
  })
)

await test(
  'row 14: an API server that lags behind takes nothing back, and denies nothing',
  row({
    async inject(t, world) {
      // The watch, of a server that lags, still has what another has deleted already.
      world.stored.set('ipaddresspools', STORED.slice(1))
      t.ok(await allows(world, GROWS_BADLY), 'no denial rests on what is gone')
      world.stored.set('ipaddresspools', STORED)
      for (const call of world.fake.of('watch').filter(isPools)) {
        sendEvent(
          call,
          'ADDED',
          pool('default-pool', ['192.168.1.100-192.168.1.200'], { resourceVersion: '170' })
        )
        sendEvent(call, 'MODIFIED', pool('default-pool', ['192.168.1.100'], { resourceVersion: '160' }))
      }
      await until(() => world.inventory.count('IPAddressPool') === 3, 'it was made anew')
    }
  })
)
