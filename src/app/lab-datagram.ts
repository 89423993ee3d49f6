/**
 * The UDP client of labs: one datagram of a connected socket, and its reply.
 * @module
 */
import type { UdpSocket } from '../host/udp.ts'
import { Timer } from '../sim/timer.ts'
import type { IpAddr } from '../wire/address.ts'
import type { AppHost } from './app-host.ts'
import type { ExchangeOptions, LabResult } from './lab-client.ts'
import { encodeLabRequest, formatEndpoint, readLabReply, REPLY_HEAD_BYTES } from './lab-protocol.ts'
import { outcomeOf } from './outcome.ts'

/** Timeout of the reply, unless given. */
export const LAB_UDP_TIMEOUT_NS = 1_500_000_000

/** A datagram of a connected socket, and its reply. */
export interface LabDatagramOptions extends ExchangeOptions {
  readonly dst: IpAddr
  readonly dport: number
  readonly src?: IpAddr
  readonly sport?: number
}

/**
 * Sends a datagram and waits for the reply, if it wants one. `onResult` gets the bytes of the reply too, and
 * may be called before this returns.
 */
export function sendLabDatagram(
  host: AppHost, options: LabDatagramOptions, onResult: (result: LabResult, replyBytes: number) => void,
): void {
  const { sendBytes = 32, replyBytes = 64, timeoutNs = LAB_UDP_TIMEOUT_NS } = options
  let socket: UdpSocket | undefined
  const finish = (result: LabResult, bytes: number): void => {
    timer.cancel()
    socket?.close()
    onResult(socket === undefined ? result : { src: formatEndpoint(socket.local, socket.port), ...result }, bytes)
  }
  const timer = new Timer(host.sim, { onEvent: () => finish({ outcome: 'timeout' }, 0) }, 0, undefined)
  const opened = host.udp.connect(options, {
    onDatagram: (_socket, { data }) => {
      finish({ outcome: 'ok', ...readLabReply(data.subarray(0, REPLY_HEAD_BYTES)) }, data.length)
    },
    onError: (_socket, errno) => finish({ outcome: outcomeOf(errno), errno }, 0),
  })
  if (!opened.ok) {
    finish({ outcome: outcomeOf(opened.error), errno: opened.error }, 0)
    return
  }
  socket = opened.value
  timer.armIn(timeoutNs)
  const refused = socket.send(encodeLabRequest({ sendBytes, replyBytes, serverCloses: false }))
  if (refused !== undefined) finish({ outcome: outcomeOf(refused), errno: refused }, 0)
  else if (replyBytes === 0) finish({ outcome: 'ok' }, 0)
}
