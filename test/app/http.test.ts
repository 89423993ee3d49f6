import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { curlExitCode, fetchHttp, HttpConnection, type HttpRequest, type HttpResult } from '../../src/app/http-client.ts'
import { type HttpServerOptions, startHttpServer } from '../../src/app/http-server.ts'
import { findHeader, httpBytes, type HttpEvent, HttpReader } from '../../src/app/http-text.ts'
import { NS_PER_MILLISECOND, NS_PER_SECOND } from '../../src/base/units.ts'
import { ip, WirePair } from '../support/wire-pair.ts'
import { seed } from '../support/seed.ts'

function serving(options: Partial<HttpServerOptions> = {}): WirePair {
  const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
  startHttpServer(wire.b, { port: 80, name: 'rs1', ...options })
  return wire
}

function fetch(wire: WirePair, request: Partial<HttpRequest> = {}, dport = 80): HttpResult {
  let found: HttpResult | undefined
  fetchHttp(wire.a, { dst: wire.b.addr, dport }, { target: '/', keepsBody: true, ...request }, (result) => { found = result })
  wire.runFor(300 * NS_PER_SECOND)
  if (found === undefined) throw new Error('no result')
  return found
}

function text(result: HttpResult): string {
  return new TextDecoder().decode(result.body)
}

describe('an HTTP server', () => {
  it('answers every path with its name unless told otherwise', () => {
    const result = fetch(serving())
    expect([result.failure, result.status, result.server, text(result)]).toEqual([undefined, 200, 'rs1', 'rs1\n'])
    expect(result.message?.headers).toEqual([
      ['Server', 'rs1'], ['Content-Type', 'text/html'], ['Content-Length', '4'], ['Connection', 'close'],
    ])
  })

  it('has pages by path, of a text or a size, and 404 for others', () => {
    const pages = new Map([['/a', { text: 'ä' }], ['/big', { sizeBytes: 20_000 }]])
    const wire = serving({ pages })
    expect(text(fetch(wire, { target: '/a?x=1' }))).toBe('ä')
    expect(fetch(wire, { target: '/big' }).bodyBytes).toBe(20_000)
    expect([fetch(wire, { target: '/' }).status, fetch(wire, { target: '/a/' }).status]).toEqual([404, 404])
  })

  it('has one page for all other paths when it is given', () => {
    const wire = serving({ page: { text: 'other' }, pages: new Map([['/a', { text: 'a' }]]) })
    expect([text(fetch(wire, { target: '/a' })), text(fetch(wire, { target: '/b' }))]).toEqual(['a', 'other'])
  })

  it('answers with the status that it is given', () => {
    expect(fetch(serving({ status: 503 })).message?.startLine).toBe('HTTP/1.1 503 Service Unavailable')
  })

  it('sends no body to HEAD', () => {
    const result = fetch(serving(), { method: 'HEAD' })
    expect([result.failure, result.bodyBytes, result.message?.bodyBytes]).toEqual([undefined, 0, 4])
  })

  it('answers what is no HTTP with 400, and closes', () => {
    const wire = serving()
    const heard: string[] = []
    wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {
      onConnected: (endpoint) => { endpoint.send(httpBytes('hello\r\n\r\n')) },
      onData: (_, bytes) => heard.push(new TextDecoder().decode(bytes).slice(0, 24)),
      onPeerClosed: () => heard.push('closed'),
    })
    wire.runFor(NS_PER_SECOND)
    expect(heard).toEqual(['HTTP/1.1 400 Bad Request', 'closed'])
  })

  it('serves several requests over a connection that the client keeps', () => {
    const wire = serving({ closes: false })
    const connection = new HttpConnection(wire.a, { dst: wire.b.addr, dport: 80 })
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 3; i++) {
      connection.request({ target: '/', keepsAlive: i < 2 }, ({ status }) => statuses.push(status))
      wire.runFor(100 * NS_PER_MILLISECOND)
    }
    expect(statuses).toEqual([200, 200, 200])
    expect(wire.ladder.filter((line) => line.includes(': S seq'))).toHaveLength(1)
    expect(connection.isReusable).toBe(false)
  })

  it('serves as many requests at once as it has workers', () => {
    const wire = serving({ workers: 2, serviceTime: { law: 'constant', meanNs: 100 * NS_PER_MILLISECOND } })
    const ends: number[] = []
    for (let i = 0; i < 4; i++) {
      fetchHttp(wire.a, { dst: wire.b.addr, dport: 80 }, { target: '/' }, ({ endNs }) => ends.push(Math.round(endNs / 1e6)))
    }
    wire.runFor(NS_PER_SECOND)
    // Connect 2 ms, request and answer 2 ms. The other two are accepted when the first answers are out, at 103
    // ms, with their requests there.
    expect(ends).toEqual([104, 104, 204, 204])
  })

  it('frees a worker whose client goes away before it asks', () => {
    const wire = serving({ workers: 1 })
    const silent = wire.a.tcp.connect({ dst: wire.b.addr, dport: 80 }, {})
    wire.runFor(10 * NS_PER_MILLISECOND)
    let status: number | undefined
    fetchHttp(wire.a, { dst: wire.b.addr, dport: 80 }, { target: '/' }, (result) => { status = result.status })
    wire.runFor(100 * NS_PER_MILLISECOND)
    expect(status).toBeUndefined()
    if (silent.ok) silent.value.abort()
    wire.runFor(100 * NS_PER_MILLISECOND)
    expect(status).toBe(200)
  })
})

describe('an HTTP client', () => {
  it('fails as curl does: 7 when refused', () => {
    const result = fetch(serving(), {}, 81)
    expect([result.failure, result.errno, curlExitCode(result.failure)]).toEqual(['connect', 'ECONNREFUSED', 7])
  })

  it('fails as curl does: 28 when connecting or the answer takes too long', () => {
    const silent = serving()
    silent.rule = () => 'lose'
    const connecting = fetch(silent, { timeoutNs: NS_PER_SECOND })
    expect([connecting.failure, connecting.endNs]).toEqual(['connect-timeout', NS_PER_SECOND])
    expect(curlExitCode(connecting.failure)).toBe(28)
    const slow = fetch(serving({ serviceTime: { law: 'constant', meanNs: 5 * NS_PER_SECOND } }), { timeoutNs: NS_PER_SECOND })
    expect([slow.failure, curlExitCode(slow.failure)]).toEqual(['timeout', 28])
  })

  it.each([
    ['', 'empty', 52],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort', 'partial', 18],
    ['nonsense\r\n\r\n', 'malformed', 1],
  ] as const)('fails as curl does on %j: %s, %i', (answer, failure, code) => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => listener.accept()?.attach({
      onData: (endpoint) => {
        endpoint.send(httpBytes(answer))
        endpoint.close()
      },
    }))
    const result = fetch(wire)
    expect([result.failure, curlExitCode(result.failure)]).toEqual([failure, code])
  })

  it('fails as curl does: 56 when reset', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => {
      listener.accept()?.attach({ onData: (endpoint) => endpoint.abort() })
    })
    const result = fetch(wire)
    expect([result.failure, result.errno, curlExitCode(result.failure)]).toEqual(['reset', 'ECONNRESET', 56])
  })

  it('takes a body without a length to the end of the connection', () => {
    const wire = new WirePair({ delayNs: NS_PER_MILLISECOND })
    wire.b.tcp.listen({ addr: ip('0.0.0.0'), port: 80 }, (listener) => listener.accept()?.attach({
      onData: (endpoint) => {
        endpoint.send(httpBytes('HTTP/1.0 200 OK\n\nall of it'))
        endpoint.close()
      },
    }))
    const result = fetch(wire)
    expect([result.failure, text(result)]).toEqual([undefined, 'all of it'])
  })

  it('names the host and the port that is not 80', () => {
    const wire = serving({ port: 8080 })
    fetch(wire, {}, 8080)
    const asked = wire.packets.find(({ payload }) => payload.kind === 'tcp' && payload.data.length > 0)?.payload
    const words = asked?.kind === 'tcp' ? new TextDecoder().decode(asked.data) : ''
    expect(words).toBe('GET / HTTP/1.1\r\nHost: 10.0.0.2:8080\r\n\r\n')
  })
})

describe(`reading HTTP (seed ${seed})`, () => {
  it('never depends on how the bytes were cut', () => {
    const all = httpBytes('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a:b \r\n\r\nabc'
      + 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    const read = (cuts: readonly number[]): string[] => {
      const reader = new HttpReader('responses')
      const found: string[] = []
      let body = ''
      const note = (event: HttpEvent): void => {
        if (event.kind === 'head') found.push(event.message.startLine, findHeader(event.message, 'x') ?? '')
        if (event.kind === 'body') body += new TextDecoder().decode(event.bytes)
        if (event.kind === 'end') found.push(`body ${body}`)
      }
      let from = 0
      for (const cut of [...cuts, all.length]) {
        if (cut > from) reader.push(all.subarray(from, cut))
        from = Math.max(from, cut)
        for (let event = reader.next(); event !== undefined; event = reader.next()) note(event)
      }
      return found
    }
    const whole = ['HTTP/1.1 200 OK', 'a:b', 'body abc', 'HTTP/1.1 404 Not Found', '', 'body abc']
    expect(read([])).toEqual(whole)
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: all.length }), { maxLength: 20 }), (cuts) => {
      expect(read(cuts.sort((a, b) => a - b))).toEqual(whole)
    }), { seed })
  })

  it('never throws, whatever comes in', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isResponse) => {
      const reader = new HttpReader(isResponse ? 'responses' : 'requests')
      reader.push(bytes)
      for (let i = 0; i < 400 && reader.next() !== undefined; i++);
    }), { seed })
  })

  it('gives up on a head that does not end', () => {
    const reader = new HttpReader('requests')
    reader.push(new Uint8Array(65_537).fill(0x41))
    expect(reader.next()).toEqual({ kind: 'malformed' })
  })
})
