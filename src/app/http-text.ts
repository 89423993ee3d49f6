/**
 * HTTP/1.1 messages (RFC 9112): bytes in, messages out, however they were cut into segments. Chunked bodies,
 * trailers and folded header lines are not modelled; a body is as long as Content-Length says, or, in a
 * response without it, as the connection lasts.
 * @module
 */

/** No head of a message may be longer. */
export const HTTP_HEAD_BYTES_MAX = 65_536

/** A message whose head is complete. */
export interface HttpMessage {
  /** The first line: `GET / HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string
  /** Header fields in order, names as they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The bytes of the head, up to and including the empty line. */
  readonly headBytes: number
  /** Undefined: to the end of the connection. */
  readonly bodyBytes: number | undefined
}

/** What a reader has found. */
export type HttpEvent =
  | { readonly kind: 'head', readonly message: HttpMessage }
  | { readonly kind: 'body', readonly bytes: Uint8Array }
  /** The message is complete. */
  | { readonly kind: 'end' }
  /** This is no HTTP; nothing more will be read. */
  | { readonly kind: 'malformed' }

/** Value of the first header of this name, in whatever case. */
export function findHeader(message: HttpMessage, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return message.headers.find(([found]) => found.toLowerCase() === wanted)?.[1]
}

/** Text as bytes (UTF-8). */
export function httpBytes(text: string): Uint8Array {
  return ENCODER.encode(text)
}

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()

/** Reads the messages of one direction of a connection. */
export class HttpReader {
  readonly #isResponse: boolean
  #waiting: Uint8Array = new Uint8Array(0)
  /** Bytes of the body still to come; -1 while a head is read. */
  #bodyLeft = -1
  #isMalformed = false
  /** The next response has no body: the request was HEAD. */
  nextHasNoBody = false

  constructor(kind: 'requests' | 'responses') {
    this.#isResponse = kind === 'responses'
  }

  /** True in the middle of a message. */
  get isInside(): boolean {
    return this.#bodyLeft >= 0 || this.#waiting.length > 0
  }

  /** True in a body that ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#bodyLeft === Infinity
  }

  /** Adds bytes that came in. */
  push(bytes: Uint8Array): void {
    if (this.#waiting.length === 0) {
      this.#waiting = bytes
      return
    }
    const joined = new Uint8Array(this.#waiting.length + bytes.length)
    joined.set(this.#waiting)
    joined.set(bytes, this.#waiting.length)
    this.#waiting = joined
  }

  /** The next thing found; undefined until more bytes come in. */
  next(): HttpEvent | undefined {
    if (this.#isMalformed) return undefined
    if (this.#bodyLeft === 0) {
      this.#bodyLeft = -1
      return { kind: 'end' }
    }
    if (this.#bodyLeft > 0) return this.#body()
    const end = headEnd(this.#waiting)
    if (end === undefined) return this.#waiting.length > HTTP_HEAD_BYTES_MAX ? this.#malformed() : undefined
    const message = parseHead(DECODER.decode(this.#waiting.subarray(0, end)), end, this.#isResponse)
    if (message === undefined) return this.#malformed()
    this.#waiting = this.#waiting.subarray(end)
    const hasBody = !this.nextHasNoBody && !(this.#isResponse && / (1\d\d|204|304)\b/.test(message.startLine))
    this.#bodyLeft = hasBody ? message.bodyBytes ?? (this.#isResponse ? Infinity : 0) : 0
    return { kind: 'head', message }
  }

  #body(): HttpEvent | undefined {
    if (this.#waiting.length === 0) return undefined
    const bytes = this.#waiting.length <= this.#bodyLeft ? this.#waiting : this.#waiting.subarray(0, this.#bodyLeft)
    this.#waiting = this.#waiting.subarray(bytes.length)
    this.#bodyLeft -= bytes.length
    return { kind: 'body', bytes }
  }

  #malformed(): HttpEvent {
    this.#isMalformed = true
    return { kind: 'malformed' }
  }
}

/** Position after the empty line; a bare LF ends a line too (RFC 9112 2.2). */
function headEnd(bytes: Uint8Array): number | undefined {
  for (let i = bytes.indexOf(0x0a); i >= 0; i = bytes.indexOf(0x0a, i + 1)) {
    if (bytes[i + 1] === 0x0a) return i + 2
    if (bytes[i + 1] === 0x0d && bytes[i + 2] === 0x0a) return i + 3
  }
  return undefined
}

function parseHead(text: string, headBytes: number, isResponse: boolean): HttpMessage | undefined {
  const [startLine = '', ...lines] = text.split(/\r?\n/)
  const isStart = isResponse ? /^HTTP\/1\.[01] \d{3}( .*)?$/.test(startLine) : /^[A-Z]+ \S+ HTTP\/1\.[01]$/.test(startLine)
  if (!isStart) return undefined
  const headers: [string, string][] = []
  let bodyBytes: number | undefined
  for (const line of lines) {
    if (line === '') continue
    const match = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (match === null) return undefined
    const [, name = '', value = ''] = match
    headers.push([name, value])
    if (name.toLowerCase() !== 'content-length') continue
    if (!/^\d{1,15}$/.test(value)) return undefined
    bodyBytes = Number(value)
  }
  return { startLine, headers, headBytes, bodyBytes }
}
