/**
 * The frames of a run as lines in the words of `tcpdump -nn`: time, nic, direction, number of the packet, what it is. Drops and
 * losses have lines of their own. TCP numbers are relative to each connection's start. Decisions of hosts are not shown here.
 * @module
 */
import { SequenceView } from '../wire/sequence-view.ts'
import type { Frame } from '../wire/frame.ts'
import { formatFrame, formatPacket } from '../wire/text.ts'
import { describeMissed, type Recording } from '../scenario/recorder.ts'
import { exactSeconds, PLAIN_STYLE, type Style } from './style.ts'

/**
 * The lines, without line breaks:
 * `0.000123456 client.eth0 out #12 IP 10.0.0.10.40001 > 10.0.0.100.80: Flags [S], ...`,
 * `... drop: ttl-exceeded at router`, `... lost: queue-full on lan>rs1.eth0`. The number is what `explain --packet` takes;
 * ARP has none. A last line says so when the recording has not kept everything.
 */
export function* traceLines(recording: Recording, style: Style = PLAIN_STYLE): Generator<string> {
  const sequences = new SequenceView()
  for (const record of recording.records) {
    const time = exactSeconds(record.timeNs)
    switch (record.kind) {
      case 'frame':
        yield `${style.dim(time)} ${record.nic.name} ${record.direction}${frameText(record.frame, sequences)}`
        break
      case 'lost':
        yield `${style.dim(time)} ${record.link}${frameText(record.frame, sequences)} ${
          style.red(`lost: ${record.reason} on ${record.link}`)}`
        break
      case 'dropped': {
        const text = formatPacket(record.packet, { sequences })
        const end = style.red(`drop: ${record.reason} at ${record.host}`)
        yield `${style.dim(time)} ${record.host} #${record.packet.uid} ${text} ${end}`
        break
      }
      default: break
    }
  }
  const missed = describeMissed(recording)
  if (missed !== undefined) yield style.red(`... ${missed}`)
}

function frameText(frame: Frame, sequences: SequenceView): string {
  const number = frame.payload.kind === 'ip' ? ` #${frame.payload.uid}` : ''
  return `${number} ${formatFrame(frame, { sequences })}`
}
